"""The e-value of counts, over the ways to divide a feature's cells in two.

A division with y of N documents and r of m reference rows on one side has the share
p = (r + ½) / (m + 1), on the arcsine scale h = 2 arcsin √p. With M = m + 1 and B(u) the probability
of y of N documents where u has the distribution Beta(M u, M (1 - u)), its ratios are
B(u₁) / B(u₀) for u₀ at h ± .03 and u₁ at h ± (.03 + d). The e-value is the mean of all ratios.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import atan2, cos, exp, inf, lgamma, log, pi, sin, sqrt
from typing import TYPE_CHECKING

from guards.drift.by_hand.cells import edge_names
from guards.drift.by_hand.steps import Step, number
from guards.drift.feature_reference import NumericReference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guards.drift.by_hand.cells import Cell
    from guards.drift.feature_reference import FeatureReference

__all__ = ["DivisionRow", "division_rows", "evidence_step"]

_FLOOR = 0.03
_BEYOND = (0.05, 0.1, 0.2, 0.4, 0.8)
_FREQUENT = 224
_GROUPS = 32
"""Of more than 256 categories the 224 most frequent stand alone, and the others in 32 groups."""


@dataclass(frozen=True, slots=True)
class DivisionRow:
    """One division: rows, documents and padded share of one side, and its ratios' logarithms."""

    name: str
    rows: int
    documents: int
    share: float
    logarithms: Sequence[float]

    @property
    def total(self) -> float:
        """The logarithm of the sum of the ratios; -inf without any."""
        return _log_sum(self.logarithms)


def division_rows(
    reference: FeatureReference, cells: Sequence[Cell], *, private: bool
) -> list[DivisionRow]:
    """Return every division of the cells, which are those of the reference in its order."""
    rows, documents = sum(cell.rows for cell in cells), sum(cell.documents for cell in cells)
    table = []
    for name, side, upward in _divisions(reference, cells, private=private):
        of_rows, of_documents = sum(cell.rows for cell in side), sum(c.documents for c in side)
        share = (of_rows + (1.0 if upward else 0.5)) / (rows + 1)
        signs = (1,) if upward else (1, -1)
        ratios = [
            ratio
            for sign in signs
            for ratio in _logarithms(share, rows + 1, of_documents, documents, sign)
        ]
        table.append(DivisionRow(name, of_rows, of_documents, share, ratios))
    return table


def evidence_step(table: Sequence[DivisionRow]) -> Step:
    """Return the e-value, at most the largest double, and 1 where no division has a ratio."""
    ratios = sum(len(row.logarithms) for row in table)
    if not ratios:
        return Step("e_value", 1.0, "no division can have moved")
    total = _log_sum([row.total for row in table])
    value = exp(min(total - log(ratios), log(sys.float_info.max)))
    formula = f"the mean of {ratios} ratios, whose sum has the logarithm {number(total)}"
    return Step("e_value", value, formula)


def _divisions(
    reference: FeatureReference, cells: Sequence[Cell], *, private: bool
) -> Iterator[tuple[str, Sequence[Cell], bool]]:
    """Yield the name of each division, the cells of one side, and whether only more are evidence.

    Only more missing and outside values are, because a reference with none of them cannot say how
    few there may be.
    """
    *inside, missing, outside = cells
    if isinstance(reference, NumericReference):
        numbered = [f"up to cell {at}" for at in range(1, len(inside))]
        names = (numbered if private else edge_names(reference.edges)) or [inside[0].name]
        for at, name in enumerate(names, start=1):
            yield name, inside[:at], False
    elif len(inside) <= _FREQUENT + _GROUPS:
        for cell in inside:
            yield cell.name, [cell], False
    else:
        # Sorting is stable: of equally frequent categories those that stand first come first.
        ranked = sorted(inside, key=lambda cell: -cell.rows)
        for cell in ranked[:_FREQUENT]:
            yield cell.name, [cell], False
        rare = len(inside) - _FREQUENT
        ends = [_FREQUENT + rare * at // _GROUPS for at in range(_GROUPS + 1)]
        for at in range(_GROUPS):
            yield f"rare categories {at + 1}", ranked[ends[at] : ends[at + 1]], False
    yield missing.name, [missing], True
    yield outside.name, [outside], True


def _logarithms(share: float, weight: int, hits: int, documents: int, sign: int) -> list[float]:
    """Return the logarithms of the ratios of one side, none where the null is no share."""
    angle = 2 * atan2(sqrt(share), sqrt(1 - share))

    def likelihood(moved: float) -> float:
        hit, miss = weight * sin(moved / 2) ** 2, weight * cos(moved / 2) ** 2
        misses = documents - hits
        return lgamma(hits + hit) - lgamma(hit) + lgamma(misses + miss) - lgamma(miss)

    null = angle + sign * _FLOOR
    moved = [angle + sign * (_FLOOR + beyond) for beyond in _BEYOND]
    if not 0 < null < pi:
        return []
    return [likelihood(each) - likelihood(null) for each in moved if 0 < each < pi]


def _log_sum(logarithms: Sequence[float]) -> float:
    largest = max(logarithms, default=-inf)
    if largest == -inf:
        return largest
    return largest + log(sum(exp(each - largest) for each in logarithms))
