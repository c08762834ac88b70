"""Jensen-Shannon, PSI and new categories, over the shares of all cells.

With p the share of the reference's rows in a cell, q that of the window's documents, and
m = ½ (p + q), a cell adds ½ (p log₂(p/m) + q log₂(q/m)) to the square of the Jensen-Shannon
distance. Nothing is added to the counts: where p or q is 0, its part is 0. PSI, which would be
infinite there, has half a document more in each cell.
"""

from __future__ import annotations

from math import log, log2, sqrt
from typing import TYPE_CHECKING

from scipy.special import gammaincinv

from guards.drift.by_hand.steps import Step, noise_of, noise_text, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.drift.by_hand.cells import Cell

__all__ = [
    "divergence_steps",
    "divergence_terms",
    "new_share_steps",
    "stability_steps",
    "stability_terms",
]

_CONFIDENCE = 0.95
_NORMAL_QUANTILE = 1.645


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts)
    return [count / total for count in counts]


def divergence_terms(cells: Sequence[Cell]) -> list[float]:
    """Return what each cell adds to the square of the Jensen-Shannon distance, in bits."""
    expected = _shares([cell.rows for cell in cells])
    observed = _shares([cell.documents for cell in cells])
    return [
        (_part(p, (p + q) / 2) + _part(q, (p + q) / 2)) / 2
        for p, q in zip(expected, observed, strict=True)
    ]


def _part(share: float, middle: float) -> float:
    return share * log2(share / middle) if share else 0.0


def divergence_steps(cells: Sequence[Cell], rows: int, documents: int) -> tuple[Step, Step]:
    """Return the Jensen-Shannon distance, and its null band from an expansion of its square."""
    total = max(sum(divergence_terms(cells)), 0.0)
    quantile, text = _chi_square(cells)
    band = min(sqrt(quantile * noise_of(rows, documents) / (8 * log(2))), 1.0)
    formula = f"√(χ² s / (8 ln 2)), at most 1; {text}; {noise_text(rows, documents)}"
    return (
        Step("js", min(sqrt(total), 1.0), f"√{number(total)}, the root of the sum of the js terms"),
        Step("js null band", band, formula),
    )


def stability_terms(cells: Sequence[Cell]) -> list[float]:
    """Return what each cell adds to the population stability index."""
    expected = _shares([cell.rows + 0.5 for cell in cells])
    observed = _shares([cell.documents + 0.5 for cell in cells])
    return [(q - p) * log(q / p) for p, q in zip(expected, observed, strict=True)]


def stability_steps(cells: Sequence[Cell], rows: int, documents: int) -> tuple[Step, Step]:
    """Return the population stability index and its null band."""
    value = sum(stability_terms(cells))
    quantile, text = _chi_square(cells)
    half = len(cells) / 2
    formula = (
        f"Σ (Q - P) ln(Q/P) with P = (rows + ½) / ({rows} + {half:g}), "
        f"Q = (documents + ½) / ({documents} + {half:g})"
    )
    band = quantile * noise_of(rows, documents)
    return (
        Step("psi", value, formula),
        Step("psi null band", band, f"χ² s; {text}; {noise_text(rows, documents)}"),
    )


def new_share_steps(unknown: Cell, rows: int, documents: int) -> tuple[Step, Step]:
    """Return the share of documents with a category that training did not have, and its band."""
    share = (unknown.rows + 1) / (rows + 2)
    spread = sqrt(share * (1 - share) * noise_of(rows, documents))
    band = min(share + _NORMAL_QUANTILE * spread + 0.5 / documents, 1.0)
    formula = (
        f"r + {_NORMAL_QUANTILE} √(r (1 - r) s) + ½/{documents}, at most 1; "
        f"r = ({unknown.rows} + 1) / ({rows} + 2) = {number(share)}; {noise_text(rows, documents)}"
    )
    return (
        Step("new_share", unknown.documents / documents, f"{unknown.documents} / {documents}"),
        Step("new_share null band", band, formula),
    )


def _chi_square(cells: Sequence[Cell]) -> tuple[float, str]:
    """Return the 95 % quantile of χ², and where it comes from.

    Degrees of freedom are the cells that are not empty on both sides, less one.
    """
    occupied = sum(1 for cell in cells if cell.rows or cell.documents)
    freedom = max(occupied - 1, 0)
    # χ² with k degrees of freedom is twice a gamma variable of shape k/2.
    quantile = 2 * float(gammaincinv(freedom / 2, _CONFIDENCE)) if freedom else 0.0
    text = f"χ² = {number(quantile)}, the 95 % quantile for {occupied} cells in use less 1"
    return quantile, text
