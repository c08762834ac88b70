"""The rule: what raises an alarm, what clears it, and what the pre-screen may not change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.alarm.events import Cleared, Raised
from guards.drift.alarm.rule import AlarmRule, log_thresholds
from guards.drift.alarm.series import SeriesReference
from guards.drift.alarm.splits import Split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.drift.alarm.events import Event
    from guards.drift.alarm.series import Kind

QUIET = np.array([0.2, 0.3, 0.48, 0.02, 0.0])
MOVED = np.array([0.4, 0.25, 0.33, 0.02, 0.0])
ROWS = 20_000
DAY = 1440


def reference(kind: Kind = "categorical", shares: np.ndarray = QUIET) -> SeriesReference:
    """Return a reference with exactly such shares."""
    counts = np.rint(ROWS * shares).astype(np.int64)
    return SeriesReference(kind, counts[:-2], *counts[-2:].tolist())


def watch(
    rule: AlarmRule, shares: Iterable[np.ndarray], documents: int = 100, seed: int = 1
) -> list[Event]:
    """Look at one series for as many minutes as there are shares."""
    rng = np.random.default_rng(seed)
    events: list[Event] = []
    for minute, share in enumerate(shares):
        events += rule.look(minute, {"court": rng.multinomial(documents, share)})
    return events


def test_the_thresholds_divide_the_error() -> None:
    """Starts of all levels in a month, times their chance of an alarm, make .05 / 1.15."""
    levels = np.arange(16)
    spacings = np.maximum(1, 2.0 ** (levels - 1))

    thresholds = np.exp(log_thresholds(30))

    assert thresholds == pytest.approx(1.15 * 30 / 0.05 * 16 * 43_200 / spacings)
    assert (30 * 43_200 / spacings / thresholds).sum() == pytest.approx(0.05 / 1.15)


def test_a_change_is_raised_once_and_described() -> None:
    """The category that moved is named, with its shares, the time and the counts."""
    rule = AlarmRule({"court": reference()}, watched=30)

    events = watch(rule, [QUIET] * 300 + [MOVED] * 200)

    (event,) = events
    assert isinstance(event, Raised)
    assert 300 <= event.minute <= 303
    assert event.series == "court"
    assert event.split == Split("category", (0,))
    assert event.direction == "up"
    assert event.share == pytest.approx(0.4, abs=0.1)
    assert event.reference_share == pytest.approx(0.2, abs=1e-3)
    assert event.log_evidence >= event.log_threshold
    assert event.log_threshold in log_thresholds(30)
    assert event.minute + 1 - event.start_minute == event.minutes
    assert event.counts.sum() == event.documents == 100 * event.minutes
    assert event.counts[0] / event.documents == event.share
    assert rule.raised == {"court": event}


def test_ordered_cells_name_the_cut() -> None:
    """Values that grow have fewer documents below a cut."""
    rule = AlarmRule({"court": reference("ordered")})

    (event,) = watch(rule, [QUIET] * 100 + [MOVED[[2, 0, 1, 3, 4]]] * 30 + [QUIET])

    assert isinstance(event, Raised)
    assert event.split.kind == "cut"
    assert event.direction == "up"


def test_a_share_that_falls_is_raised_downward() -> None:
    """The direction is that of the split's share."""
    fallen = np.array([0.02, 0.48, 0.48, 0.02, 0.0])

    (event,) = watch(AlarmRule({"court": reference()}), [QUIET] * 100 + [fallen] * 30)

    assert isinstance(event, Raised)
    assert (event.split.cells, event.direction) == ((0,), "down")


@pytest.mark.parametrize(("cell", "kind"), [(-2, "missing"), (-1, "outside")])
def test_missing_and_outside_values_are_watched_upward(cell: int, kind: str) -> None:
    """More of them are an alarm, and none at all is not."""
    more = 0.9 * QUIET
    more[cell] += 0.1
    none = QUIET.copy()
    none[:-2] /= none[:-2].sum()
    none[-2:] = 0

    (event,) = watch(AlarmRule({"court": reference()}), [QUIET] * 50 + [more] * 20)

    assert isinstance(event, Raised)
    assert (event.split.kind, event.direction) == (kind, "up")
    assert watch(AlarmRule({"court": reference()}), [none] * 3000) == []


def test_shifts_below_the_floor_are_silent() -> None:
    """A share that is off by a point for days is within the floor, and an alarm without one."""
    off = QUIET + np.array([0.01, 0, -0.01, 0, 0])
    exact = reference()
    exact = SeriesReference("categorical", exact.cells * 100, exact.missing * 100, 0)

    assert watch(AlarmRule({"court": exact}), [off] * 3000, 1000) == []
    assert watch(AlarmRule({"court": exact}, floor=0.0), [off] * 3000, 1000) != []


def test_an_alarm_is_cleared_an_hour_after_the_effect_is_gone() -> None:
    """Neither before, nor by the quiet hours before the change."""
    rule = AlarmRule({"court": reference()})

    raised, cleared = watch(rule, [QUIET] * 500 + [MOVED] * 300 + [QUIET] * 200)

    assert isinstance(raised, Raised)
    assert isinstance(cleared, Cleared)
    assert 800 + 60 <= cleared.minute <= 800 + 100
    assert cleared.minutes >= 60
    assert cleared.effect < 0.1
    assert rule.raised == {}


def test_few_documents_clear_nothing() -> None:
    """Without documents there is no telling whether the effect is gone."""
    rule = AlarmRule({"court": reference()})
    watch(rule, [QUIET] * 100 + [MOVED] * 20)

    events = [rule.look(120 + minute, {}) for minute in range(500)]

    assert events == [[]] * 500
    assert set(rule.raised) == {"court"}


def test_an_effect_that_stays_is_not_cleared() -> None:
    """Three days of a shift that was hard to see are one alarm."""
    little = QUIET + np.array([0.05, 0, -0.05, 0, 0])

    events = watch(AlarmRule({"court": reference()}, watched=30), [little] * (3 * DAY))

    assert [type(event) for event in events] == [Raised]


def test_a_series_is_raised_once_a_day() -> None:
    """What comes and goes every three hours is raised a day later again."""
    pattern = ([MOVED] * 60 + [QUIET] * 120) * 17

    events = watch(AlarmRule({"court": reference()}), pattern)

    raised = [event.minute for event in events if isinstance(event, Raised)]
    assert len(raised) == 3
    assert (np.diff(raised) >= DAY).all()


def test_what_is_over_is_not_raised_again() -> None:
    """Old starts still hold the change days later; only those since its clearing count."""
    events = watch(AlarmRule({"court": reference()}), [MOVED] * 600 + [QUIET] * (2 * DAY))

    assert [type(event) for event in events] == [Raised, Cleared]


@pytest.mark.parametrize(("seed", "size"), [(0, 0.3), (1, 0.4)])
def test_the_prescreen_decides_what_the_full_rule_decides(seed: int, size: float) -> None:
    """Events are equal to the last digit and in one order.

    There are gaps, drift, rare values, references by hour and taught ones.
    """
    rng = np.random.default_rng(seed)
    shares = [rng.dirichlet(np.full(cells, 0.5)) for cells in (3, 12, 12, 40)]
    series = {}
    for index, share in enumerate(shares):
        rows = rng.multinomial(3000, share)
        hours = None
        if index == 2:
            # What every second hour has in its reference, the stream has in none.
            hours = rng.multinomial(200, share, size=168)
            hours[1::2] = np.roll(hours[1::2], 1, axis=1)
        excess = np.full(16, 1e-3) if index == 1 else None
        kind: Kind = "ordered" if index % 2 else "categorical"
        series[f"{index}"] = SeriesReference(
            kind, rows[:-2], int(rows[-2]), int(rows[-1]), hours, excess
        )
    screened, full = (AlarmRule(series, prescreen=screen) for screen in (True, False))
    minute, raised = 0, 0
    for look in range(100):
        minute += int(rng.geometric(0.5))
        drift = size * (look >= 30)
        counts = {
            f"{index}": rng.multinomial(
                rng.poisson(40), (1 - drift) * share + drift * np.roll(share, 1)
            )
            for index, share in enumerate(shares)
        }
        events = [rule.look(minute, counts, look // 30) for rule in (screened, full)]
        assert [str(event) for event in events[0]] == [str(event) for event in events[1]]
        raised += len(events[1])
    assert raised >= 3


def test_replicas_that_are_summed_are_one() -> None:
    """Counts of two replicas, summed or added in turn, decide what all together decide."""
    rng = np.random.default_rng(1)
    one, summed, in_turn = (AlarmRule({"court": reference()}) for _ in range(3))
    for minute in range(300):
        parts = rng.multinomial(50, QUIET if minute < 250 else MOVED, size=2)
        whole = one.look(minute, {"court": parts.sum(axis=0)})
        assert str(summed.look(minute, {"court": parts[1] + parts[0]})) == str(whole)
        in_turn.look(minute, {"court": parts[0]})
        in_turn.look(minute, {"court": parts[1]})
    assert set(one.raised) == set(summed.raised) == set(in_turn.raised) == {"court"}


def test_minutes_without_documents_do_not_hide_a_change() -> None:
    """A service with a look an hour sees the same documents, and says so later."""
    rng = np.random.default_rng(1)
    rule = AlarmRule({"court": reference()})

    events = [
        event
        for hour in range(60)
        for event in rule.look(
            60 * hour, {"court": rng.multinomial(20, QUIET if hour < 20 else MOVED)}
        )
    ]

    (event,) = events
    assert isinstance(event, Raised)
    assert 60 * 20 <= event.minute <= 60 * 35


EMPTY = np.zeros(3, dtype=np.int64)
ODD = {
    "no reference at all": SeriesReference("categorical", EMPTY, 0, 0),
    "an ordered one without rows": SeriesReference("ordered", EMPTY, 0, 0),
    "one cell": SeriesReference("ordered", np.array([500]), 0, 0),
    "one category": SeriesReference("categorical", np.array([500]), 0, 0),
    "no cell": SeriesReference("categorical", np.zeros(0, dtype=np.int64), 500, 0),
    "all missing": SeriesReference("ordered", EMPTY, 500, 0),
    "fifty rows": SeriesReference("categorical", np.array([20, 20, 10]), 0, 0),
    "ten thousand categories": SeriesReference(
        "categorical", np.random.default_rng(1).integers(0, 4, 10_000), 0, 0
    ),
    "hours without rows": SeriesReference(
        "ordered", EMPTY, 0, 0, np.zeros((168, 5), dtype=np.int64), np.zeros(16)
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_references_say_nothing_and_stop_nothing(name: str) -> None:
    """Traffic like the reference raises nothing, nor do no documents, one, or very many."""
    odd = ODD[name]
    rule = AlarmRule({"odd": odd})
    rng = np.random.default_rng(1)
    shares = (odd.counts + 1e-12) / (odd.counts + 1e-12).sum()
    for minute, documents in enumerate([0, 1, 0, 7, *[50] * 100, 0, 10**8]):
        assert rule.look(minute, {"odd": rng.multinomial(documents, shares)}, minute % 168) == []


def test_values_appear_in_a_column_that_was_all_missing() -> None:
    """A reference without any value still tells that there are some now."""
    (event,) = watch(
        AlarmRule({"court": ODD["all missing"]}), [np.array([0.2, 0.2, 0.1, 0.5, 0])] * 30
    )

    assert isinstance(event, Raised)


def test_counts_over_other_cells_are_refused() -> None:
    """They would be compared with the wrong shares."""
    with pytest.raises(ValueError, match="5 cells, found 4"):
        AlarmRule({"court": reference()}).look(0, {"court": np.zeros(4, dtype=np.int64)})


def test_a_rule_needs_a_series() -> None:
    """Nothing to watch is a mistake of the caller."""
    with pytest.raises(ValueError, match="at least one"):
        AlarmRule({})
