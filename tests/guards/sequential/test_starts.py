"""Sums from start times on a geometric grid, against sums over all minutes that were kept."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from guards.sequential.starts import (
    HORIZON_MINUTES,
    LEVELS,
    SPACINGS,
    Starts,
    alpha_of_start,
)

MINUTES = 700


def spacing(level: int) -> int:
    """Return the minutes between two starts."""
    return (1 << level) // 2 or 1


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


def test_each_level_has_its_last_three_starts() -> None:
    """A level has a start at each of the last three multiples of its spacing that came."""
    starts = Starts(1, np.int64)
    for minute in range(MINUTES):
        starts.push(minute, [1])
        for level in range(LEVELS):
            made = range(0, minute + 1, spacing(level))[-3:]
            ages = [start.age_minutes for start in starts if start.level == level]
            assert ages == [minute + 1 - first for first in reversed(made)]


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
    assert {start.age_minutes: int(start.sums[0]) for start in starts} == {1: 6, 2: 7}


def starts_of_their_age(first: int, minute: int) -> list[int]:
    """Return the start of each level's age, found by trying all; -1 where there is none."""
    return [
        next(
            (
                start
                for start in range(first, minute + 1)
                if start % spacing(level) == 0
                and 2**level <= minute + 1 - start < 2**level + spacing(level)
            ),
            -1,
        )
        for level in range(LEVELS)
    ]


@pytest.mark.parametrize("first", [0, 7, 1000])
@pytest.mark.parametrize("gaps", [False, True])
def test_one_start_of_each_level_has_its_age(first: int, *, gaps: bool) -> None:
    """At every look each level has the one start of its age, and the exact sum since."""
    rng = np.random.default_rng(1)
    steps = rng.geometric(0.3, 2000) if gaps else np.ones(2000, dtype=np.int64)
    minutes = first + np.cumsum(steps) - steps[0]
    vectors = rng.integers(0, 1000, (2000, 3))
    starts = Starts(3, np.float64)
    for look, (minute, vector) in enumerate(zip(minutes.tolist(), vectors, strict=True)):
        starts.push(minute, vector)
        assert starts.minute == minute
        if look % 97 == 0 or look < 20:
            found, sums = starts.one_of_each_level()
            assert found.tolist() == starts_of_their_age(first, minute)
            seen = vectors[: look + 1]
            for start, total in zip(found, sums, strict=True):
                since = seen[minutes[: look + 1] >= start] if start >= 0 else seen[:0]
                assert total.tolist() == since.sum(axis=0).tolist()


def test_the_oldest_start_is_a_month_old() -> None:
    """The last level has a start after 2**15 minutes, and then one every 2**14."""
    assert SPACINGS[-1] == 2**14
    starts = Starts(1, np.float64)
    starts.push(0, [1])
    starts.push(2**15 - 1, [1])

    found, sums = starts.one_of_each_level()

    assert found[-1] == 0
    assert sums[-1].tolist() == [2]


def test_before_the_first_minute_there_is_nothing() -> None:
    """No level has a start, and all sums are zero."""
    starts = Starts(2, np.float64)
    found, sums = starts.one_of_each_level()

    assert list(starts) == []
    assert set(found.tolist()) == {-1}
    assert not sums.any()


def test_sums_cannot_be_changed_from_outside() -> None:
    """Whoever reads a start cannot change it."""
    start = next(iter(pushed([0], np.ones((1, 1), dtype=np.int64))))
    with pytest.raises(ValueError, match="read-only"):
        start.sums[0] = 5


def test_error_probabilities_of_a_month_sum_to_alpha() -> None:
    """All starts of 30 days and all series, with the older ones that live on, share alpha."""
    made = sum(
        HORIZON_MINUTES / spacing(level) * alpha_of_start(level, 0.05, 7) for level in range(LEVELS)
    )
    assert 7 * 1.15 * made == pytest.approx(0.05)


def test_starts_looked_at_in_a_month_have_alpha_together() -> None:
    """Of 30 days, the starts made in them and those made before that are not yet too old."""
    looked_at = [HORIZON_MINUTES / spacing(level) + 3 for level in range(LEVELS)]
    shares = [count * alpha_of_start(level, 0.05, 1) for level, count in enumerate(looked_at)]
    assert sum(shares) == pytest.approx(0.05, rel=0.01)
    assert sum(shares) <= 0.05
