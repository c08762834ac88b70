"""Other measures of the same counts, in units that people know, each with its null band.

A null band is what the measure stays below with 95 % probability without drift, at this number of
documents on both sides. With s = 1/n + 1/m over documents of the reference and the window, all of
them are asymptotic.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.drift.feature_reference import NumericReference
    from guards.json_types import JsonMapping

    Floats = NDArray[np.float64]

__all__ = [
    "EFFECT_FLOOR",
    "new_share_band",
    "population_stability",
    "population_stability_band",
    "smallest_visible",
    "standard_deviation",
    "wasserstein",
    "wasserstein_band",
]

EFFECT_FLOOR = 0.03
"""Shifts below it are no drift, on the scale 2·arcsin(√share) on which shares vary alike."""

_CHANCE = 0.05
_NORMAL_QUANTILE = 1.645
_VISIBLE = 36.0
"""Twice the logarithm of a threshold over the starts of some hours, spread over a series' splits:
with endless traffic M·(shift - floor)²/2 must exceed it."""


def smallest_visible(rows: int) -> float:
    """Return the smallest shift that alarms can see with a reference of so many rows.

    On the scale 2·arcsin(√share), at most π. The reference is itself a sample of those rows, so
    that no number of live documents makes smaller shifts visible: about 0.03 + √(36 / rows).
    """
    return min(EFFECT_FLOOR + math.sqrt(_VISIBLE / rows), math.pi) if rows else math.pi


def population_stability(expected: Sequence[int], observed: Sequence[int]) -> float:
    """Return the population stability index, Σ (q - p) ln(q / p), at least 0.

    Counts are [cells] in any order. Half a document is added to each cell, because one that is
    empty on one side would make it infinite.
    """
    p, q = (np.asarray(counts, dtype=np.float64) + 0.5 for counts in (expected, observed))
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def population_stability_band(cells: int, noise: float) -> float:
    """Return the band of PSI: s·χ² with ``cells`` - 1 degrees of freedom (Yurdakul 2018).

    It holds once cells have about ten documents.
    """
    return float(chdtri(cells - 1, _CHANCE)) * noise if cells > 1 else 0.0


def standard_deviation(sums: JsonMapping, documents: int, quantum: float) -> float:
    """Return the standard deviation of ``documents`` values from their fixed-point sums."""
    total, squares = int(sums["total"]), int(sums["total_squares"])
    spread = documents * squares - total * total
    # Whole numbers beyond the largest double have a root that is not.
    return math.isqrt(max(spread, 0)) / documents * quantum if documents else 0.0


def wasserstein(reference: NumericReference, observed: JsonMapping) -> float | None:
    """Return the Wasserstein distance in standard deviations of the reference.

    The area between both cumulative shares, which are known at the cells' edges (Vallender 1974),
    or the distance of the means where that is larger, as it is for values beyond all edges. Within
    a tenth of the distance of the values themselves, because outer cells are wide.
    ``observed`` is a snapshot over the reference's cells. None without values on both sides, and
    where the reference is constant.
    """
    rows, documents = sum(reference.counts), sum(observed["counts"])
    deviation = _deviation(reference)
    if not documents or not deviation:
        return None
    p, q = (np.cumsum(counts)[:-1] for counts in (reference.counts, observed["counts"]))
    gaps = np.abs(p / rows - q / documents)
    area = float(((gaps[1:] + gaps[:-1]) / 2 * _widths(reference, deviation)).sum())
    means = (reference.total / rows, int(observed["total"]) / documents)
    # Of huge values, the difference in units of the feature would be infinite.
    return max(area, abs(means[0] - means[1]) / (deviation / reference.quantum))


def wasserstein_band(reference: NumericReference, noise: float) -> float:
    """Return the band of ``wasserstein``.

    Gaps of cumulative shares are normal, with the covariance of a Brownian bridge; of the area
    between them mean and variance are exact (moments of |x||y|, Nabeya 1951), and its distribution
    is taken for normal.
    """
    deviation = _deviation(reference)
    if not deviation:
        return 0.0
    shares = (np.cumsum(reference.counts)[:-1] / max(sum(reference.counts), 1)).clip(0, 1)
    widths = np.zeros(len(shares))
    widths[1:] += _widths(reference, deviation) / 2
    widths[:-1] += _widths(reference, deviation) / 2
    spread = np.sqrt(shares * (1 - shares))
    lower, upper = np.minimum.outer(shares, shares), np.maximum.outer(shares, shares)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.nan_to_num(lower * (1 - upper) / np.outer(spread, spread)).clip(-1, 1)
    products = np.sqrt(1 - correlation**2) + correlation * np.arcsin(correlation) - 1
    weighted = widths * spread
    mean = math.sqrt(2 / math.pi) * float(weighted.sum())
    variance = 2 / math.pi * float(weighted @ products @ weighted)
    area = mean + _NORMAL_QUANTILE * math.sqrt(max(variance, 0.0))
    # The distance of the means is normal, and 1.96 deviations wide on both sides.
    return math.sqrt(noise) * max(area, 1.96)


def new_share_band(unknown: int, rows: int, documents: int) -> float:
    """Return the band of the share of unknown categories, of which the reference had some."""
    if not rows or not documents:
        return 1.0
    share = (unknown + 1) / (rows + 2)
    deviation = math.sqrt(share * (1 - share) * (1 / rows + 1 / documents))
    # Half a document more, because there are no half ones.
    return min(share + _NORMAL_QUANTILE * deviation + 0.5 / documents, 1.0)


def _deviation(reference: NumericReference) -> float:
    sums = {"total": reference.total, "total_squares": reference.total_squares}
    return standard_deviation(sums, sum(reference.counts), reference.quantum)


def _widths(reference: NumericReference, deviation: float) -> Floats:
    """Return the widths of the cells between two edges, in deviations, float64 [edges - 1]."""
    with np.errstate(over="ignore"):
        return np.nan_to_num(np.diff(np.array(reference.edges, dtype=np.float64))) / deviation
