"""Sums from start times on a geometric grid, against sums over all minutes that were kept."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from guards.sequential.starts import (
    HORIZON_MINUTES,
    LEVELS,
    Starts,
    alpha_of_start,
    spacing_minutes,
)

MINUTES = 700


def pushed(minutes: list[int], vectors: np.ndarray) -> Starts[np.int64]:
    """Return the starts after these minutes."""
    starts = Starts(vectors.shape[1], np.int64)
    for minute in minutes:
        starts.push(minute, vectors[minute])
    return starts


def test_each_start_sums_the_minutes_of_its_age() -> None:
    """After every minute each start holds exactly the sum over as many last minutes as its age."""
    vectors = np.random.default_rng(0).integers(-1000, 1000, (MINUTES, 3))
    starts = Starts(3, np.int64)
    for minute in range(MINUTES):
        starts.push(minute, vectors[minute])
        for start in starts:
            naive = vectors[minute + 1 - start.age_minutes : minute + 1].sum(axis=0)
            np.testing.assert_array_equal(start.sums, naive)


def test_each_level_has_one_start_of_its_age() -> None:
    """A level that is old enough has a start aged from 2^l up to its spacing more, on its grid."""
    starts = Starts(1, np.int64)
    for minute in range(MINUTES):
        starts.push(minute, [1])
        now = [(start.level, start.age_minutes) for start in starts]
        assert [level for level, _ in now] == [n for n in range(LEVELS) if 2**n <= minute + 1]
        for level, age in now:
            assert 2**level <= age < 2**level + spacing_minutes(level)
            assert (minute + 1 - age) % spacing_minutes(level) == 0


def test_minutes_that_never_come_count_as_empty() -> None:
    """Gaps of any length leave the same starts as minutes with zeros."""
    rng = np.random.default_rng(1)
    vectors = rng.integers(1, 1000, (MINUTES, 2))
    came = [*range(5), 9, *range(40, 60), 300, *range(640, MINUTES)]
    vectors[np.setdiff1d(np.arange(MINUTES), came)] = 0
    gaps, zeros = pushed(came, vectors), pushed(list(range(MINUTES)), vectors)
    for with_gaps, with_zeros in zip(gaps, zeros, strict=True):
        assert with_gaps[:2] == with_zeros[:2]
        np.testing.assert_array_equal(with_gaps.sums, with_zeros.sums)


@pytest.mark.parametrize("first", [12_345_677, -77])
def test_starts_before_the_first_minute_are_not_looked_at(first: int) -> None:
    """Wherever the clock stands, a start covers only minutes that came."""
    starts = Starts(1, np.int64)
    for minutes in range(1, 100):
        starts.push(first + minutes - 1, [1])
        assert all(start.age_minutes == start.sums[0] <= minutes for start in starts)
    assert [start.level for start in starts] == [0, 1, 2, 3, 4, 5, 6]


def test_fractions_are_summed_in_the_order_of_minutes() -> None:
    """Sums of fractions are those of adding minute by minute, to the last bit."""
    values = np.random.default_rng(2).normal(size=MINUTES)
    starts = Starts(1, np.float64)
    for minute, value in enumerate(values):
        starts.push(minute, [value])
    for start in starts:
        assert start.sums[0] == list(accumulate(values[-start.age_minutes :]))[-1]


@pytest.mark.parametrize("late", [3, 2, -1])
def test_what_comes_late_is_added_to_the_last_minute(late: int) -> None:
    """A second vector of a minute, or one of a minute that has passed, is not lost."""
    starts = pushed([2, 3], np.ones((4, 1), dtype=np.int64))
    starts.push(late, [5])
    assert [start[:2] + tuple(start.sums) for start in starts] == [(0, 1, 6), (1, 2, 7)]


def test_sums_cannot_be_changed_from_outside() -> None:
    """Whoever reads a start cannot change it."""
    start = next(iter(pushed([0], np.ones((1, 1), dtype=np.int64))))
    with pytest.raises(ValueError, match="read-only"):
        start.sums[0] = 5


def test_error_probabilities_of_a_month_sum_to_alpha() -> None:
    """All starts of 30 days and all series, with the older ones that live on, share alpha."""
    made = sum(
        HORIZON_MINUTES / spacing_minutes(level) * alpha_of_start(level, 0.05, 7)
        for level in range(LEVELS)
    )
    assert 7 * 1.15 * made == pytest.approx(0.05)


def test_starts_looked_at_in_a_month_are_at_most_15_percent_more_than_made_in_it() -> None:
    """The starts that are looked at in any 30 days have at most alpha together."""
    shares = [
        (HORIZON_MINUTES + spacing_minutes(level))
        * alpha_of_start(level, 1, 1)
        / spacing_minutes(level)
        for level in range(LEVELS)
    ]
    assert sum(shares) <= 1
