"""The median of few measurements, and how far it can be trusted."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Interval", "median_interval"]

_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A median with its interval; ``level`` is the probability that it covers the true one."""

    median: float
    low: float
    high: float
    level: float


def median_interval(values: Sequence[float]) -> Interval:
    """Give the interval between order statistics that covers the median at least 95 times in 100.

    It is exact whatever the distribution: of n independent values, those below the true median
    are binomial (n, 1/2) (David and Nagaraja, Order Statistics, 2003, 7.1). Less than six values
    cannot reach that level: the interval is then their range, and ``level`` says what it covers.
    """
    ordered = sorted(values)
    n = len(ordered)
    levels = [_level(n, left_out) for left_out in range((n + 1) // 2)]
    left_out = max((k for k, level in enumerate(levels) if level >= _LEVEL), default=0)
    return Interval(
        statistics.median(ordered), ordered[left_out], ordered[n - 1 - left_out], levels[left_out]
    )


def _level(n: int, left_out: int) -> float:
    """Give the coverage when so many values on either side are left out."""
    return 1.0 - 2.0 * sum(comb(n, k) for k in range(left_out + 1)) / 2.0**n
