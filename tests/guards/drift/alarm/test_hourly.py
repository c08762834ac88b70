"""References by hour: what is summed, and what the sums say."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.alarm.hourly import Hourly
from guards.drift.alarm.series import SeriesReference
from guards.drift.alarm.splits import Partition

ONE = SeriesReference("categorical", np.array([9]), 0, 0, np.tile([1000, 0, 0], (168, 1)))
PARTITION = Partition(ONE)
HOURLY = Hourly([(PARTITION, ONE)], np.zeros(len(PARTITION), dtype=np.int64))
BUNDLED = (np.full((1, 3), 0.5), np.full((1, 1), 10.0))


def test_one_hour_is_its_own_reference() -> None:
    """Documents of a single hour are compared with the shares and rows of that hour."""
    vector = HOURLY.vector(np.array([7.0]), hour=30)

    shares, rows = HOURLY.of_those_hours(vector[None], np.array([[7.0]]), *BUNDLED)

    expected, known = PARTITION.hourly_shares(np.tile([1000, 0, 0], (168, 1)))
    assert shares[0] == pytest.approx(expected[30])
    assert rows[0, 0] == pytest.approx(known[30])


def test_without_documents_there_are_no_hours() -> None:
    """The shares and rows that are handed in are returned."""
    shares, rows = HOURLY.of_those_hours(np.zeros((1, HOURLY.width)), np.zeros((1, 1)), *BUNDLED)

    assert shares.tolist() == [[0.5, 0.5, 0.5]]
    assert rows.tolist() == [[10.0]]


def test_rounding_leaves_shares_within_their_range() -> None:
    """A share that sums have made larger than one is one."""
    vector = HOURLY.vector(np.array([7.0]), hour=30)
    vector[:3] = [7.0 * (1 + 1e-9), -1e-9, 0]

    shares, _ = HOURLY.of_those_hours(vector[None], np.array([[7.0]]), *BUNDLED)

    assert shares.tolist() == [[1, 0, 0]]
