"""Alarms over weeks with a daily cycle, before and after a reference has learnt from some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.good_counts import GoodCounts
from guards.events.alarms import DriftAlarm, DriftCleared
from service.observation.champion_counts import Watched
from service.observation.drift_alarms import DriftAlarms
from service.observation.recent_windows import RecentWindows
from service.observation.segment_alarms import segments_not_watched
from tests.good_weeks import Weeks
from tests.service.observation import watching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.drift.reference import Reference

    Event = DriftAlarm | DriftCleared

PRIVATE = frozenset({"salary"})
DOCUMENTS: dict[str | None, int] = {None: 400, "emea": 400, "apac": 400}
SHIFTED_H = 15 * 24
"""One day after the two weeks that are learnt from, emea's courts are others."""


def cycle(_segment: str | None, hours: float) -> dict[str, Sequence[float]]:
    """Return shares of courts with a daily cycle of ten points."""
    swing = 0.1 * np.sin(2 * np.pi * hours / 24)
    return {"court": [0.6 - swing, 0.3 + swing, 0.1, 0, 0]}


def shifted(segment: str | None, hours: float) -> dict[str, Sequence[float]]:
    """Return the same, but fifteen points more of EDTX in emea from some time on."""
    shares = cycle(segment, hours)
    if segment == "emea" and hours >= SHIFTED_H:
        first, second, third, *others = shares["court"]
        shares["court"] = [first - 0.15, second, third + 0.15, *others]
    return shares


@dataclass
class Restless:
    """Shares that wander by five points: an AR(1) process with a coefficient of .9 an hour."""

    seed: int
    value: float = 0.0

    def __post_init__(self) -> None:
        """Start to draw."""
        self._generator = np.random.default_rng(self.seed)

    def __call__(self, _segment: str | None, _hours: float) -> dict[str, Sequence[float]]:
        """Return the shares of the next hour."""
        self.value = 0.9 * self.value + np.sqrt(1 - 0.9**2) * self._generator.normal()
        share = 0.3 + 0.05 * self.value
        return {"court": [0.9 - share, share, 0.1, 0, 0]}


@pytest.fixture(scope="module")
def untaught() -> Reference:
    """Return the reference of held-out rows."""
    return watching.reference(5_000)


@pytest.fixture(scope="module")
def taught(untaught: Reference) -> Reference:
    """Return what two weeks with a cycle have taught it."""
    return learnt(untaught, Weeks(untaught, cycle, 60, DOCUMENTS, PRIVATE))


def learnt(reference: Reference, weeks: Weeks) -> Reference:
    """Return a reference that has learnt from the first two weeks."""
    counts = GoodCounts(reference)
    windows = list(weeks.windows(14))
    for window in windows:
        counts.add(window.week_minute, window.counts)
    return counts.learn(windows[0].start, windows[-1].end, 1_000_000).reference


def raised(reference: Reference, weeks: Weeks, days: int) -> tuple[list[Event], DriftAlarms]:
    """Return what is raised and cleared in the days after the first two weeks."""
    watched = Watched.of(reference, ("pages", "salary", "court"), PRIVATE)
    recent, events = RecentWindows(), []
    alarms = DriftAlarms(watched, 0, recent)
    for number, window in enumerate(weeks.windows(days, first_day=14)):
        if not number:
            start = window.start.isoformat()
            recent.scores(watched.counted, window.counts["features"], start, closing=True)
        events += alarms.look(window, 3600.0 * number)
    return events, alarms


def test_a_daily_cycle_is_drift_to_whoever_does_not_know_it(untaught: Reference) -> None:
    """Without teaching it raises an alarm within a day."""
    events, alarms = raised(untaught, Weeks(untaught, cycle, 60, DOCUMENTS, PRIVATE), 1)

    assert {(event.feature, event.segment) for event in events} == {("court", None)}
    assert alarms.segments.segments == []
    assert alarms.segments.not_watched == ["apac", "emea"]


def test_a_taught_cycle_is_quiet(taught: Reference) -> None:
    """In the days after it nothing is raised, of all documents and of segments."""
    events, alarms = raised(taught, Weeks(taught, cycle, 60, DOCUMENTS, PRIVATE), 3)

    assert events == []
    assert alarms.segments.not_watched == []
    assert alarms.series == 8 + 2 * 7


def test_only_the_shifted_segment_is_raised(taught: Reference) -> None:
    """A segment's drift is found, and said of that segment, with its shares at these hours."""
    events, alarms = raised(taught, Weeks(taught, shifted, 60, DOCUMENTS, PRIVATE), 3)

    of_segments = [each for each in events if each.segment is not None]
    assert {(each.feature, each.segment) for each in of_segments} == {("court", "emea")}
    (alarm,) = alarms.segments.in_force.values()
    assert isinstance(alarm, DriftAlarm)
    assert (alarm.harm, alarm.severity, alarm.explains) == ("unknown", "attention", None)
    assert alarm.words.startswith("court: EDTX 10 % → 2")
    assert alarm.evidence.e_value >= alarm.evidence.threshold
    assert alarm.score["metric"] == "js"
    assert DriftAlarm.from_json(alarm.to_json()) == alarm


def test_what_was_taught_is_what_is_compared_with(taught: Reference) -> None:
    """A drift of all documents is found, and said against the same hours."""

    def everywhere(_segment: str | None, hours: float) -> dict[str, Sequence[float]]:
        return shifted("emea", hours)

    events, alarms = raised(taught, Weeks(taught, everywhere, 60, DOCUMENTS, PRIVATE), 2)

    assert {event.feature for event in events} == {"court"}
    assert alarms.in_force["court"].words.startswith("court: EDTX 10 % → 2")
    assert {segment for segment, _ in alarms.segments.in_force} == {"emea", "apac"}


def test_a_segment_that_is_over_is_cleared(taught: Reference) -> None:
    """Its alarm is lifted by name, and the others never were."""

    def for_a_day(segment: str | None, hours: float) -> dict[str, Sequence[float]]:
        return shifted(segment, hours if hours < SHIFTED_H + 24 else 0)

    events, alarms = raised(taught, Weeks(taught, for_a_day, 60, DOCUMENTS, PRIVATE), 4)

    of_segment = [event for event in events if event.segment == "emea"]
    assert [type(event) for event in of_segment] == [DriftAlarm, DriftCleared]
    assert alarms.segments.in_force == {}


def test_segments_that_were_not_taught_are_only_counted(taught: Reference) -> None:
    """They are named, and nothing is raised whatever they do."""
    documents = {**DOCUMENTS, "latam": 10}
    weeks = Weeks(taught, cycle, 60, documents, PRIVATE)

    events, alarms = raised(taught, weeks, 1)

    assert events == []
    assert alarms.segments.segments == ["apac", "emea"]
    assert alarms.segments.not_watched == ["latam"]


def test_restless_traffic_is_quiet_once_it_was_taught(untaught: Reference) -> None:
    """Shares that wander raise alarms by the held-out rows, and none by weeks like these."""
    documents: dict[str | None, int] = {None: 1_000}
    wandering = learnt(untaught, Weeks(untaught, Restless(8), 60, documents))
    before, _ = raised(untaught, Weeks(untaught, Restless(9), 60, documents), 3)
    after, _ = raised(wandering, Weeks(wandering, Restless(9), 60, documents), 3)

    assert {event.feature for event in before} == {"court"}
    assert after == []


def test_what_is_not_watched_is_said(untaught: Reference, taught: Reference) -> None:
    """A service says at its start which segments are only counted."""
    assert segments_not_watched(untaught) == (
        "segments, which are counted, until `understudy reference` has taught them"
    )
    assert segments_not_watched(taught) == ("segments other than 'apac', 'emea', which are counted")
