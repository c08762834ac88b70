"""What is raised over simulated traffic, in which words, with which harm, and when it is over."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from guards.answer import Answer
from guards.drift.calibration import Calibration
from guards.drift.harm.gate import Severity
from guards.drift.reference import Reference
from guards.events.alarms import DriftAlarm, DriftCleared
from guards.events.feedback_received import FeedbackReceived
from service.observation.feedback import RecentAnswer
from tests.service.observation import labelling, watching
from tests.service.observation.watching import CLEAR, LABELS, Traffic, minutes, windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.observation.drift_alarms import DriftAlarms

ORDINARY = Traffic()
EMPTY = Calibration.of([], [])


@pytest.fixture(scope="module")
def reference() -> Reference:
    """Return the reference of ordinary traffic."""
    return watching.reference()


def first(events: list[tuple[float, DriftAlarm | DriftCleared]], feature: str) -> DriftAlarm:
    """Return the first alarm of a feature."""
    return next(e for _, e in events if isinstance(e, DriftAlarm) and e.feature == feature)


def test_ordinary_traffic_is_quiet(reference: Reference) -> None:
    """Nothing is raised in an hour of documents like those of training."""
    events, _ = minutes(windows(reference), lambda _: ORDINARY, 60, 50)
    assert events == []


def test_more_unsure_documents_are_raised_and_explained(reference: Reference) -> None:
    """More of a court that the model is unsure of: raised within minutes, and what it explains."""
    shifted = Traffic(courts=(0.3, 0.2, 0.5))
    events, _ = minutes(windows(reference), lambda m: ORDINARY if m < 3 else shifted, 12, 60)
    alarm = first(events, "court")
    assert events[0][0] <= 5
    assert alarm.explains == pytest.approx(1, abs=0.1)
    assert "EDTX" in alarm.words
    assert "10 %" in alarm.words
    assert alarm.evidence.e_value >= alarm.evidence.threshold
    assert first(events, "champion.confidence").explains is None
    assert not {"pages", "salary"} & {e.feature for _, e in events}


def test_shown_harm_pages(reference: Reference) -> None:
    """Where the model is less sure, and its confidence was right so far, more answers are wrong."""
    shifted = Traffic(courts=(0.1, 0.1, 0.8))
    events, _ = minutes(windows(reference), lambda _: shifted, 10, 200)
    alarm = first(events, "court")
    assert [e.severity for _, e in events if isinstance(e, DriftAlarm)].count(Severity.PAGE) >= 1
    paged = [e for _, e in events if isinstance(e, DriftAlarm) and e.severity == "page"]
    assert {e.harm for e in paged} == {"shown"}
    assert alarm.kind in {None, "harder documents of known kinds"}


def test_a_unit_change_is_never_said_to_be_harmless(reference: Reference) -> None:
    """The model is as sure as before of pages a thousand times as large: nobody knows."""
    events, _ = minutes(windows(reference), lambda _: Traffic(scale=1000.0), 5, 200)
    alarm = first(events, "pages")
    assert (alarm.harm, alarm.severity) == ("unknown", "attention")
    assert alarm.kind == "documents of a kind never seen"
    assert "10" in alarm.words


@pytest.mark.parametrize("shifted", [Traffic(courts=(0.3, 0.6, 0.1)), Traffic(centre=10.6)])
def test_a_benign_shift_pages_nobody(reference: Reference, shifted: Traffic) -> None:
    """Other courts, or a few pages more, answered as surely: harm is ruled out in time."""
    events, alarms = minutes(windows(reference), lambda _: shifted, 30, 200)
    raised = [event for _, event in events if isinstance(event, DriftAlarm)]
    assert raised
    assert "page" not in {alarm.severity for alarm in raised}
    assert {(a.harm, a.severity) for a in alarms.in_force.values()} == {("ruled_out", "notice")}
    assert {a.kind for a in alarms.in_force.values()} == {"the mix changed and the model copes"}


def labelled(*, right: bool, per_look: int = 100) -> Callable[[DriftAlarms, float], None]:
    """Return what labels so many documents of a minute, all of them right or all wrong."""
    sure = Answer(LABELS[0], CLEAR, 2 * CLEAR - 1, 0.6, {LABELS[0]: CLEAR, LABELS[1]: 1 - CLEAR})

    def label(alarms: DriftAlarms, now_s: float) -> None:
        recent = RecentAnswer(sure, date(2026, 11, 27), labelling.NOTHING_COUNTED, answered_s=now_s)
        for number in range(per_look):
            name = f"{now_s}-{number}"
            alarms.harm.labels.add(FeedbackReceived(name, LABELS[0 if right else 1]), recent)

    return label


def test_labels_rule_harm_out(reference: Reference) -> None:
    """Of pages a thousand times as large nobody knows, until labels say that answers are right."""
    harms = []
    shifted = Traffic(scale=1000.0)
    for right in (True, False):
        _, alarms = minutes(
            windows(reference), lambda _: shifted, 6, 100, label=labelled(right=right)
        )
        harms.append((alarms.in_force["pages"].harm, alarms.in_force["pages"].severity))
    assert harms == [("ruled_out", "notice"), ("unknown", "attention")]


def test_labels_of_before_an_alarm_rule_nothing_out(reference: Reference) -> None:
    """Only documents that were answered since its start say how those are answered."""
    traffic: Callable[[int], Traffic] = lambda m: ORDINARY if m < 6 else Traffic(scale=1000.0)  # noqa: E731
    right = labelled(right=True)

    def before(alarms: DriftAlarms, now_s: float) -> None:
        if now_s < 300:
            right(alarms, now_s)

    _, alarms = minutes(windows(reference), traffic, 10, 100, label=before)
    assert alarms.in_force["pages"].harm == "unknown"


def test_a_changed_meaning_is_told_as_the_kind(reference: Reference) -> None:
    """Where labels prove the calibration wrong, that comes before a mix that changed."""
    shifted = Traffic(courts=(0.3, 0.6, 0.1))
    events, _ = minutes(windows(reference), lambda _: shifted, 4, 200, label=labelled(right=False))
    assert first(events, "court").kind == "the meaning changed"


def test_missing_values_of_one_document_a_minute_are_raised(reference: Reference) -> None:
    """A slow service is told too, once there were some dozens of documents."""
    events, _ = minutes(windows(reference), lambda _: Traffic(missing=1.0), 60, 1)
    minute = next(m for m, e in events if isinstance(e, DriftAlarm) and e.feature == "pages")
    assert minute < 30
    assert "missing 100 %" in first(events, "pages").words


def test_an_alarm_is_raised_once_and_cleared_after_it_is_over(reference: Reference) -> None:
    """It stays in force while the shift lasts, and an hour or two later it is over."""
    shifted = Traffic(courts=(0.4, 0.5, 0.1))
    traffic: Callable[[int], Traffic] = lambda m: shifted if m < 30 else ORDINARY  # noqa: E731
    events, _ = minutes(windows(reference), traffic, 240, 60)
    court = [(m, e) for m, e in events if e.feature == "court"]
    assert [type(event) for _, event in court] == [DriftAlarm, DriftCleared]
    assert 90 <= court[1][0] <= 230
    assert "court" in court[1][1].words


def test_windows_within_a_minute_are_one_look(reference: Reference) -> None:
    """However often windows are flushed, there is one look a minute, and nothing is lost."""
    events, _ = minutes(windows(reference), lambda _: Traffic(missing=0.03), 120, 10, flush_s=1.0)
    assert {minute for minute, _ in events} == {1.0}
    assert first(events, "pages").evidence.documents == 600


def test_a_service_without_held_out_rows_is_not_judged(reference: Reference) -> None:
    """Harm is unknown where there is no calibration, and alarms are raised as ever."""
    bare = Reference(reference.features, reference.documents, dict.fromkeys(LABELS, EMPTY))
    events, _ = minutes(windows(bare), lambda _: Traffic(missing=0.5), 3, 100)
    assert first(events, "pages").harm == "unknown"
