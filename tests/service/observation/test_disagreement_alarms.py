"""Alarms on how often a challenger disagrees with the champion, beside its first documents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from guards.answer import Answer
from guards.drift.alarm.rule import log_thresholds
from guards.events.alarms import DriftAlarm, DriftCleared
from guards.evidence.pair import ChallengerId
from service.observation.disagreement_alarms import RUN_IN, DisagreementAlarms
from tests.service.observation import watching
from tests.service.observation.watching import LABELS, windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonObject

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WATCHED = 41
CHALLENGER = ChallengerId("docs", "2", 1)
SURE = ([0.9, 0.1], [0.1, 0.9])


def counted(compared: int, disagreements: int) -> JsonObject:
    """Return what a window counts of a challenger."""
    pairs = {"contract": {"contract": compared - disagreements, "invoice": disagreements}}
    return {"compared": compared, "disagreements": pairs}


def watched(
    rate: Callable[[int], float], minutes: int, documents: int = 100
) -> tuple[list[tuple[int, DriftAlarm | DriftCleared]], DisagreementAlarms]:
    """Look at minutes of a challenger that disagrees on a rate of documents."""
    rng = np.random.default_rng(3)
    alarms = DisagreementAlarms(WATCHED)
    events = []
    for minute in range(minutes):
        part = counted(documents, int(rng.binomial(documents, rate(minute))))
        events += [(minute, event) for event in alarms.look(minute, {"docs/2": part}, NOW)]
    return events, alarms


def test_a_rate_that_rose_is_raised_in_words() -> None:
    """Against the first documents, which were another rate."""
    events, alarms = watched(lambda minute: 0.04 if minute < 60 else 0.11, 120)

    ((minute, alarm),) = events
    assert isinstance(alarm, DriftAlarm)
    assert 60 < minute < 120
    assert alarm.feature == "docs/2.disagreement"
    assert alarm.words.startswith("docs/2 disagrees with the champion on 4 % → ")
    assert (alarm.severity, alarm.harm) == ("notice", "unknown")
    assert alarm.evidence.e_value >= alarm.evidence.threshold
    assert np.isclose(np.log(alarm.evidence.threshold), log_thresholds(WATCHED)).any()
    assert alarm.score["metric"] == "js"
    assert alarms.in_force == {"docs/2.disagreement": alarm}


def test_a_rate_that_came_back_is_cleared() -> None:
    """An hour or two after it is over."""
    moved = range(30, 60)
    events, alarms = watched(lambda minute: 0.3 if minute in moved else 0.04, 200)

    assert [type(event) for _, event in events] == [DriftAlarm, DriftCleared]
    assert events[1][0] >= 120
    assert alarms.in_force == {}


def test_ten_thousand_documents_like_the_first_are_quiet() -> None:
    """The sampling error of the first documents is in the test."""
    assert watched(lambda _: 0.2, 400, 50)[0] == []


def test_nothing_is_raised_of_the_first_documents() -> None:
    """They are what others are compared with, whatever happens in them."""
    minutes = RUN_IN // 100
    events, _ = watched(lambda minute: 0.0 if minute < minutes // 2 else 0.9, minutes)
    assert events == []


def test_windows_are_looked_at() -> None:
    """What a service compares is counted, looked at, and among the series of the promise."""
    live = windows(watching.reference(2_000))
    live.challengers.watch(CHALLENGER, watching.reference(2_000))
    alarms = live.alarms(1)
    certain, unsure = (Answer.of(np.array(p, dtype=np.float32), LABELS) for p in SURE)
    events = []
    for minute, (documents, answer) in enumerate([(RUN_IN, certain), (300, unsure), (1, certain)]):
        for _ in range(documents):
            live.challengers.compare(CHALLENGER, certain, answer)
        events += alarms.look(live.flush(), 60.0 * minute)

    assert alarms.series == live.alarms(0).series + 6
    assert [event.feature for event in events] == ["docs/2.disagreement"]


def test_challengers_have_references_of_their_own() -> None:
    """One that always disagreed does so still, and the other does so now."""
    alarms = DisagreementAlarms(WATCHED)
    alarms.look(0, {"docs/2": counted(RUN_IN, RUN_IN), "docs/3": counted(RUN_IN, 0)}, NOW)

    events = alarms.look(1, {"docs/2": counted(500, 500), "docs/3": counted(500, 400)}, NOW)

    assert [event.feature for event in events] == ["docs/3.disagreement"]
    (alarm,) = events
    assert isinstance(alarm, DriftAlarm)
    assert alarm.words == "docs/3 disagrees with the champion on none → 80 %"
