"""What good weeks teach about a series: its shares by hour of the week, and how restless it is.

Documents of one minute resemble those of the next, and a share that wanders about its mean would
look like drift to a test that expects independent documents. So the variance that good weeks have
beyond sampling is measured for each length of time, and the reference is taken to be no better
known than that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.drift.alarm.series import HOURS, SeriesReference
from guards.drift.alarm.splits import Partition
from guards.sequential.starts import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.drift.alarm.series import Kind

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["WEEK", "taught_reference"]

WEEK = 10_080
"""Minutes."""

_MIN_BLOCKS = 8
"""With fewer blocks of a length their variance is not known; that of the next shorter ones is
taken, which is no smaller unless the series wanders ever further."""

_MIN_DOCUMENTS = 400
"""A split with fewer documents on a side does not tell its variance to a tenth."""

_STANDARD_ERRORS = 2


def taught_reference(kind: Kind, minutes: Ints, counts: Ints) -> SeriesReference:
    """Return the reference of a series from the counts of good weeks.

    ``minutes`` is int64 [looks], increasing, from an origin at the beginning of a week; minutes
    without documents may be absent. ``counts`` is int64 [looks, cells + 2]. Each week is compared
    with the same hours of the others: for blocks of 2^l minutes with n documents, a share s and an
    expected share p, the excess variance on the arcsine scale is the mean of
    ((s - p)² - p(1 - p)/n) / (p(1 - p)), the moment estimator of overdispersion (Williams 1982),
    plus two standard errors, for the split where it is largest. What the error of the other
    weeks adds is left in. Raises ``ValueError`` for less than two weeks.
    """
    if not len(minutes) or minutes[-1] - minutes[0] < 2 * WEEK - 1:
        message = "at least two good weeks are needed: each is compared with the others"
        raise ValueError(message)
    hour = minutes % WEEK // 60
    hours = np.zeros((HOURS, counts.shape[1]), dtype=np.int64)
    np.add.at(hours, hour, counts)
    cells, (missing, outside) = counts.sum(axis=0)[:-2], counts.sum(axis=0)[-2:].tolist()
    reference = SeriesReference(kind, cells, missing, outside, hours=hours)
    partition = Partition(reference)
    expected = _expected(partition, minutes, counts, hours)
    excess = _excess(minutes, partition.successes(counts), expected, counts.sum(axis=1))
    return SeriesReference(kind, cells, missing, outside, hours=hours, excess=excess)


def _expected(partition: Partition, minutes: Ints, counts: Ints, hours: Ints) -> Floats:
    """Return the successes expected from the same hours of the other weeks, [looks, splits]."""
    week, hour = (minutes - minutes[0]) // WEEK, minutes % WEEK // 60
    expected = np.zeros((len(minutes), len(partition)))
    for each in np.unique(week):
        of_week = week == each
        others = hours.copy()
        np.subtract.at(others, hour[of_week], counts[of_week])
        shares, _ = partition.hourly_shares(others)
        expected[of_week] = shares[hour[of_week]] * counts[of_week].sum(axis=1)[:, None]
    return expected


def _excess(minutes: Ints, successes: Floats, expected: Floats, documents: Ints) -> Floats:
    total = successes.sum(axis=0)
    known = np.minimum(total, documents.sum() - total) >= _MIN_DOCUMENTS
    excess = np.zeros(LEVELS)
    if not known.any():
        return excess
    age = minutes - minutes[0]
    for level in range(LEVELS):
        first = np.flatnonzero(np.diff(age >> level, prepend=-1))
        if len(first) < _MIN_BLOCKS:
            excess[level:] = excess[level - 1]
            break
        of_block = np.add.reduceat(documents, first)
        excess[level] = _overdispersion(
            np.add.reduceat(successes[:, known], first)[of_block > 0],
            np.add.reduceat(expected[:, known], first)[of_block > 0],
            of_block[of_block > 0, None],
        )
    return excess


def _overdispersion(successes: Floats, expected: Floats, documents: Ints) -> float:
    p, s = expected / documents, successes / documents
    # Below one expected document the arcsine scale is flat, and its slope no measure.
    bounded = np.clip(p, 1 / documents, np.maximum(1 - 1 / documents, 1 / documents))
    scale = np.maximum(bounded * (1 - bounded), 1 / (2 * documents))
    values = ((s - p) ** 2 - p * (1 - p) / documents) / scale
    error = values.std(axis=0) / np.sqrt(len(values))
    return max(float((values.mean(axis=0) + _STANDARD_ERRORS * error).max()), 0.0)
