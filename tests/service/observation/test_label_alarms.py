"""Concept drift is told of from true labels, in words, once, and by labels that may tell of it."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.reference import Reference
from guards.events.alarms import DriftAlarm, DriftCleared
from guards.evidence.labels import LabelSource
from tests.formats import first_format
from tests.service.observation.labelling import Labelling, confident, reference

HOUR_S, DAY_S = 3_600.0, 86_400.0
UNSURE = 0.85
CHANGED = "the meaning changed"


def swapped(labels: Labelling, seed: int = 1, before: int = 300, after: int = 500) -> None:
    """Stream labels of invoices of which a tenth have another meaning after some quiet ones."""
    rng = np.random.default_rng(seed)
    confidence, right = confident(rng, before + after)
    right[before:] &= rng.random(after) >= 0.1
    labels.stream(confidence, right)


def test_another_meaning_of_a_tenth_of_a_class_pages() -> None:
    """It is raised within 500 labels predicted as that class, once, in words that say how much."""
    labels = Labelling(reference())
    swapped(labels)
    (alarm,) = labels.events
    assert isinstance(alarm, DriftAlarm)
    assert alarm == labels.alarms.in_force["champion.right.invoice"]
    assert (alarm.harm, alarm.severity, alarm.kind) == ("shown", "page", CHANGED)
    assert alarm.words.startswith('answers "invoice": ')
    assert "right of" in alarm.words
    assert alarm.words.endswith("to be expected at their confidence")
    assert alarm.evidence.e_value >= alarm.evidence.threshold
    assert 0 < alarm.evidence.documents <= 800
    assert alarm.evidence.minutes >= 5 * alarm.evidence.documents / 25
    assert alarm.score["value"] < alarm.score["reference"] - 0.02
    assert DriftAlarm.from_json(alarm.to_json()).words == alarm.words


def test_a_stable_miscalibration_is_silent() -> None:
    """Answers that are right less often than they say, as on held-out rows, are no drift."""
    labels = Labelling(reference())
    labels.stream(*confident(np.random.default_rng(3), 3000))
    assert labels.events == []


def test_answers_that_are_right_more_often_are_a_notice() -> None:
    """The calibration no longer holds, and nobody is woken for that."""
    labels = Labelling(reference())
    labels.stream(np.full(1500, UNSURE), np.ones(1500, dtype=bool))
    (alarm,) = labels.events
    assert isinstance(alarm, DriftAlarm)
    assert (alarm.harm, alarm.severity, alarm.kind) == ("unknown", "notice", None)
    assert '"invoice": 100 % right' in alarm.words


def test_fewer_right_answers_are_told_of_after_more() -> None:
    """An alarm that wakes nobody keeps none away that should."""
    labels = Labelling(reference())
    labels.stream(np.full(1500, UNSURE), np.ones(1500, dtype=bool))
    labels.stream(np.full(1500, 0.97), np.zeros(1500, dtype=bool))
    severities = [event.severity for event in labels.events if isinstance(event, DriftAlarm)]
    assert severities == ["notice", "page"]


def test_an_alarm_is_cleared_when_it_has_not_been_shown_for_an_hour() -> None:
    """It is raised again a day after it was raised at the earliest."""
    labels = Labelling(reference())
    labels.stream(np.full(25, 0.97), np.zeros(25, dtype=bool))
    raised_s = labels.now_s
    assert len(labels.events) == 1
    rng = np.random.default_rng(5)
    while labels.alarms.in_force:
        labels.stream(confident(rng, 25)[0], np.ones(25, dtype=bool))
        assert labels.came < 20_000
    cleared = labels.events[-1]
    assert isinstance(cleared, DriftCleared)
    assert "invoice" in cleared.words
    assert labels.now_s - raised_s >= HOUR_S
    while len(labels.events) == 2:
        labels.stream(np.full(25, 0.97), np.zeros(25, dtype=bool))
    assert isinstance(labels.events[2], DriftAlarm)
    assert DAY_S <= labels.now_s - raised_s < DAY_S + HOUR_S


def test_corrections_say_nothing() -> None:
    """They come because an answer is wrong, and all of them are."""
    labels = Labelling(reference())
    for _ in range(500):
        assert not labels.add("invoice", 0.97, right=False, source=LabelSource.CORRECTION)
    assert labels.look() == []
    assert labels.harm.labels.realised()["documents"] == 0


def test_a_document_counts_once() -> None:
    """A label that is sent again, or changed, does not count again."""
    labels = Labelling(reference())
    assert labels.add("invoice", 0.97, right=True, name="a")
    for _ in range(500):
        assert not labels.add("invoice", 0.97, right=False, name="a")
    assert labels.look() == []
    told = labels.harm.labels.realised()
    assert (told["documents"], told["accuracy"]["value"]) == (1, 1.0)


@pytest.mark.parametrize("weighted", [True, False])
def test_drawn_labels_count_with_their_weights(weighted: bool) -> None:  # noqa: FBT001
    """Labels that are asked for where answers look wrong are no drift if weighted as drawn."""
    rng = np.random.default_rng(6)
    labels = Labelling(reference())
    confidence, was_right = confident(rng, 6000)
    for sure, right in zip(confidence.tolist(), was_right.tolist(), strict=True):
        chance = 0.125 if right else 0.75
        if rng.random() < chance:
            labels.add("invoice", sure, right=right, probability=chance if weighted else 0.125)
        if labels.came % 50 == 0:
            labels.look()
    assert bool(labels.events) != weighted
    told = labels.harm.labels.realised()
    assert (told["estimated"] is None) == weighted
    accuracy = float(was_right.mean())
    assert bool(told["accuracy"]["low"] < accuracy < told["accuracy"]["high"]) == weighted


def test_drawn_labels_alone_wake_nobody() -> None:
    """Of a queue that is not finished, the wrong answers may have come first."""
    labels = Labelling(reference())
    rng = np.random.default_rng(7)
    for sure in confident(rng, 400)[0].tolist():
        labels.add("memo", sure, right=rng.random() < 0.7, probability=0.5)
    (alarm,) = labels.look()
    assert isinstance(alarm, DriftAlarm)
    assert alarm.feature == "champion.right.memo (drawn)"
    assert (alarm.harm, alarm.severity) == ("unknown", "attention")
    assert "of 400 drawn, weighted documents" in alarm.words


def test_rarer_draws_begin_anew() -> None:
    """A draw with a smaller probability than any before is watched from then on, and found."""
    labels = Labelling(reference())
    labels.add("invoice", 0.97, right=True, probability=0.5)
    labels.look()
    for _ in range(300):
        labels.add("invoice", 0.97, right=False, probability=0.03)
    (alarm,) = labels.look()
    assert isinstance(alarm, DriftAlarm)
    assert alarm.evidence.documents == 300
    assert not labels.add("invoice", 0.97, right=True, probability=1e-9)


def test_labels_within_five_minutes_are_one_look() -> None:
    """However often it is asked, there is one look in five minutes, which bounds their number."""
    labels = Labelling(reference())
    labels.look()
    for _ in range(300):
        labels.add("invoice", 0.97, right=False)
        assert labels.alarms.look(labels.now_s + 299) == []
    assert len(labels.look()) == 1


@pytest.mark.parametrize("kind", ["first format", "no held-out row of the label"])
def test_what_a_reference_cannot_tell_is_served_and_said(kind: str) -> None:
    """No alarm is raised, and the reference says what is not watched."""
    sealed = reference(2000, ("memo",))
    if kind == "first format":
        sealed = Reference.from_json(first_format(sealed.to_json()))
    labels = Labelling(sealed)
    labels.stream(np.full(500, 0.97), np.zeros(500, dtype=bool))
    assert labels.events == []
    assert labels.harm.labels.realised()["accuracy"]["value"] == 0.0
    assert any("what labels say of a changed meaning" in what for what in sealed.lacks)
