"""Kolmogorov-Smirnov and Wasserstein, over the shares of finite values below each edge.

Wasserstein's distance is the area between both cumulative shares. Between two edges they are taken
for straight: a cell adds the mean of the gaps at its edges times its width. Widths are in standard
deviations of the reference.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import asin, pi, sqrt
from typing import TYPE_CHECKING

from guards.drift.by_hand.cells import edge_names
from guards.drift.by_hand.steps import Step, noise_of, noise_text, number
from guards.drift.fields import required

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.drift.by_hand.cells import Cell
    from guards.drift.feature_reference import NumericReference
    from guards.json_types import JsonMapping

__all__ = ["CumulativeRow", "Moments", "cumulative_rows", "smirnov_steps", "wasserstein_steps"]

_KOLMOGOROV_QUANTILE = 1.358
_NORMAL_QUANTILE = 1.645
_TWO_SIDED_QUANTILE = 1.96


@dataclass(frozen=True, slots=True)
class CumulativeRow:
    """The shares of finite values below one edge.

    ``width`` is that of the cell that ends at the edge, and ``area`` what this cell adds, both in
    standard deviations of the reference; None for the first edge and for a constant reference.
    """

    name: str
    expected: float
    observed: float
    width: float | None
    area: float | None

    @property
    def gap(self) -> float:
        """How far both shares are apart."""
        return abs(self.expected - self.observed)


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and standard deviation of finite values, from their fixed-point sums."""

    mean: Fraction
    deviation: float

    @classmethod
    def of(cls, sums: JsonMapping, documents: int, quantum: float) -> Moments:
        """Compute them of so many values; ``ValueError`` for malformed sums."""
        total = required(sums, "total", int)
        squares = required(sums, "total_squares", int)
        mean = Fraction(total, documents)
        variance = max(Fraction(squares, documents) - mean**2, Fraction(0))
        return cls(mean * Fraction(quantum), sqrt(variance) * quantum)


def cumulative_rows(
    reference: NumericReference, cells: Sequence[Cell], deviation: float, *, private: bool
) -> list[CumulativeRow]:
    """Return a row for each edge; ``cells`` are those of finite values, some on both sides."""
    rows, documents = (
        list(accumulate(counts))
        for counts in ([cell.rows for cell in cells], [cell.documents for cell in cells])
    )
    edges = reference.edges
    names = (
        [f"up to cell {number}" for number in range(1, len(edges) + 1)]
        if private
        else edge_names(edges)
    )
    expected = [count / rows[-1] for count in rows]
    observed = [count / documents[-1] for count in documents]
    table = []
    for at, name in enumerate(names):
        width = area = None
        if at and deviation:
            # The width of a cell may be beyond the largest double.
            width = min(edges[at] - edges[at - 1], sys.float_info.max) / deviation
            gaps = (abs(expected[edge] - observed[edge]) for edge in (at - 1, at))
            area = sum(gaps) / 2 * width
        table.append(CumulativeRow(name, expected[at], observed[at], width, area))
    return table


def smirnov_steps(table: Sequence[CumulativeRow], rows: int, documents: int) -> tuple[Step, Step]:
    """Return the largest gap and its null band, over so many finite values of both sides."""
    widest = max(table, key=lambda row: row.gap, default=None)
    if widest is None:
        gap = Step("ks", 0.0, "all values are in one cell")
    else:
        shares = f"|{number(widest.expected)} - {number(widest.observed)}|"
        gap = Step("ks", widest.gap, f"the largest gap, {widest.name}: {shares}")
    band = min(_KOLMOGOROV_QUANTILE * sqrt(noise_of(rows, documents)), 1.0)
    formula = f"{_KOLMOGOROV_QUANTILE} √s, at most 1; {noise_text(rows, documents)}"
    return gap, Step("ks null band", band, formula)


def wasserstein_steps(
    table: Sequence[CumulativeRow],
    expected: Moments,
    observed: Moments,
    rows: int,
    documents: int,
) -> tuple[Step, Step]:
    """Return the distance in standard deviations of the reference, and its null band.

    The null band is that of the area between two Brownian bridges, taken for normal, or that of
    two means where it is larger. ``rows`` and ``documents`` are those with finite values.
    """
    area = sum(row.area for row in table if row.area is not None)
    apart = float(abs(expected.mean - observed.mean) / Fraction(expected.deviation))
    formula = (
        f"the larger of the area {number(area)} and of the distance of the means "
        f"|{number(float(expected.mean))} - {number(float(observed.mean))}| / "
        f"{number(expected.deviation)} = {number(apart)}"
    )
    mean, variance = _bridge_area(table)
    wide = mean + _NORMAL_QUANTILE * sqrt(variance)
    band = (
        f"√s times the larger of {number(mean)} + {_NORMAL_QUANTILE} √{number(variance)} = "
        f"{number(wide)} (the area without drift, were s 1) and {_TWO_SIDED_QUANTILE}; "
        f"{noise_text(rows, documents)}"
    )
    value = sqrt(noise_of(rows, documents)) * max(wide, _TWO_SIDED_QUANTILE)
    return (
        Step("wasserstein_sd", max(area, apart), formula),
        Step("wasserstein_sd null band", value, band),
    )


def _bridge_area(table: Sequence[CumulativeRow]) -> tuple[float, float]:
    """Return mean and variance of the area between two cumulative shares, for s = 1.

    The gap at an edge with share F below it has the variance F (1 - F), and the covariance
    F (1 - G) with that at a later edge with share G. Mean and covariance of |x| and |y| of normal
    x and y are exact (Nabeya 1951).
    """
    halves = [0.0] * len(table)
    for at, row in enumerate(table):
        if row.width is not None:
            halves[at] += row.width / 2
            halves[at - 1] += row.width / 2
    shares = [row.expected for row in table]
    weights = [half * sqrt(share * (1 - share)) for half, share in zip(halves, shares, strict=True)]
    mean = sqrt(2 / pi) * sum(weights)
    variance = 0.0
    for weight, share in zip(weights, shares, strict=True):
        for other_weight, other in zip(weights, shares, strict=True):
            variance += 2 / pi * weight * other_weight * _absolute_product(share, other)
    return mean, variance


def _absolute_product(share: float, other: float) -> float:
    """Return √(1 - r²) + r asin r - 1, with r the correlation of the gaps at two edges."""
    low, high = min(share, other), max(share, other)
    spread = sqrt(low * (1 - low) * high * (1 - high))
    correlation = min(low * (1 - high) / spread, 1.0) if spread else 0.0
    return sqrt(1 - correlation**2) + correlation * asin(correlation) - 1
