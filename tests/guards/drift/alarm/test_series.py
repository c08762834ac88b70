"""The counts that a series is compared with: what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.alarm.series import SeriesReference

CELLS = np.array([3, 4])


def test_counts_end_with_missing_and_outside() -> None:
    """Every vector of counts has the same order."""
    assert SeriesReference("ordered", CELLS, 1, 2).counts.tolist() == [3, 4, 1, 2]


def test_hours_take_the_place_of_the_counts() -> None:
    """The counts are those of all hours together."""
    hours = np.tile([1, 2, 0, 1], (168, 1))

    assert SeriesReference("ordered", CELLS, 1, 2, hours).counts.tolist() == [168, 336, 0, 168]


@pytest.mark.parametrize(
    ("cells", "missing", "hours", "excess"),
    [
        (np.array([3, -1]), 0, None, None),
        (CELLS, -1, None, None),
        (CELLS, 0, np.zeros((24, 4), dtype=np.int64), None),
        (CELLS, 0, np.zeros((168, 2), dtype=np.int64), None),
        (CELLS, 0, None, np.zeros(8)),
        (CELLS, 0, None, np.full(16, np.nan)),
    ],
)
def test_impossible_counts_are_refused(
    cells: np.ndarray, missing: int, hours: np.ndarray | None, excess: np.ndarray | None
) -> None:
    """Counts are not negative, and hours and levels are complete."""
    with pytest.raises(ValueError, match="must"):
        SeriesReference("ordered", cells, missing, 0, hours, excess)
