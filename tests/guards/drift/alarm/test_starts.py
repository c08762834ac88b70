"""Sums since each start: against sums over all minutes."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.alarm.starts import LEVELS, SPACINGS, Starts

MINUTES = 3000


def spacing(level: int) -> int:
    """Return the minutes between two starts."""
    return (1 << level) // 2 or 1


def expected_starts(first: int, minute: int) -> list[int]:
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
def test_sums_are_those_of_all_minutes_since_the_start(first: int, *, gaps: bool) -> None:
    """At every look each level has the one start of its age, and the exact sum since."""
    rng = np.random.default_rng(1)
    steps = rng.geometric(0.3, MINUTES) if gaps else np.ones(MINUTES, dtype=np.int64)
    minutes = first + np.cumsum(steps[:MINUTES]) - steps[0]
    vectors = rng.integers(0, 1000, (MINUTES, 3))
    starts = Starts(3)
    for look, (minute, vector) in enumerate(zip(minutes.tolist(), vectors, strict=True)):
        starts.push(minute, vector)
        if look % 97 == 0 or look < 20:
            found, sums = starts.get()
            assert found.tolist() == expected_starts(first, minute)
            seen = vectors[: look + 1]
            for start, total in zip(found, sums, strict=True):
                since = seen[minutes[: look + 1] >= start] if start >= 0 else seen[:0]
                assert total.tolist() == since.sum(axis=0).tolist()


def test_a_minute_may_come_in_parts() -> None:
    """Counts of one minute, and of minutes that are past, are added to the latest."""
    whole, parts = Starts(1), Starts(1)
    for minute in range(40):
        whole.push(minute, np.array([3.0]))
        parts.push(minute, np.array([1.0]))
        parts.push(max(minute - 5, 0), np.array([2.0]))

    assert parts.minute == whole.minute
    assert parts.get()[1].tolist() == whole.get()[1].tolist()


def test_the_oldest_start_is_a_month_old() -> None:
    """The last level has a start after 2**15 minutes, and then one every 2**14."""
    assert SPACINGS[-1] == 2**14
    starts = Starts(1)
    starts.push(0, np.ones(1))
    starts.push(2**15 - 1, np.ones(1))

    found, sums = starts.get()

    assert found[-1] == 0
    assert sums[-1].tolist() == [2]


def test_before_the_first_minute_there_is_nothing() -> None:
    """No level has a start, and all sums are zero."""
    found, sums = Starts(2).get()

    assert set(found.tolist()) == {-1}
    assert not sums.any()
