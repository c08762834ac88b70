"""Rows of a day without drift, and what the alarm rule says of them."""

from __future__ import annotations

import numpy as np

from load_tests.drift.defaults.day import Day, Rows
from load_tests.drift.defaults.ours import count_alarms


def test_minutes_have_the_shares_of_the_reference() -> None:
    """Means, missing values and categories differ by chance alone."""
    day = Day(20_000, seed=1)
    (minute,) = day.minutes(1, 20_000)

    for now, before in zip(minute.numbers.T, day.reference.numbers.T, strict=True):
        assert abs(np.nanmean(now) - np.nanmean(before)) < 0.05
        assert abs(np.isnan(now).mean() - np.isnan(before).mean()) < 0.01
    for at, levels in enumerate(day.levels):
        counts = [
            np.bincount(rows.codes[:, at] + 1, minlength=levels + 1)
            for rows in (minute, day.reference)
        ]
        assert np.abs(counts[0] - counts[1]).max() < 0.02 * 20_000


def test_only_what_has_moved_alarms() -> None:
    """A day is silent, and a column that moves by a deviation alarms once."""
    day = Day(2_000, seed=2)
    quiet = list(day.minutes(20, 200))
    shift = np.arange(20) == 0
    moved = [Rows(numbers + shift, codes) for numbers, codes in quiet]

    assert count_alarms(day.reference, day.levels, quiet) == 0
    assert count_alarms(day.reference, day.levels, moved) == 1
