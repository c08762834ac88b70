"""Quantiles of what was counted in cells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from guards.drift.rounding import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.diagnosis.distributions import DistributionCell

__all__ = ["Quantile", "quantile"]


class Quantile(NamedTuple):
    """A quantile, and how to write it: where its cell is open, only the cell is known."""

    value: float
    text: str


def quantile(
    cells: Sequence[DistributionCell], counts: Sequence[int], share: float
) -> Quantile | None:
    """Return the quantile of the numbers in cells; None without any.

    ``counts`` are the documents of each cell. Within a cell its documents lie at equal distances,
    as the quantiles of grouped data are usually told.
    """
    numbers = [
        (cell, count)
        for cell, count in zip(cells, counts, strict=True)
        if count and (cell.low is not None or cell.high is not None)
    ]
    rank = share * sum(count for _, count in numbers)
    for cell, count in numbers:
        if rank <= count:
            return _within(cell, rank / count)
        rank -= count
    return _within(numbers[-1][0], 1.0) if numbers else None


def _within(cell: DistributionCell, share: float) -> Quantile:
    low = cell.high if cell.low is None else cell.low
    high = cell.low if cell.high is None else cell.high
    low, high = low or 0.0, high or 0.0
    # The cell of one value ends with the next number.
    value = low if high <= math.nextafter(low, math.inf) else low + share * (high - low)
    return Quantile(value, cell.name if cell.is_open else number_text(value))
