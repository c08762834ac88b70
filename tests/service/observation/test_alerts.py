"""Alarms are told of everywhere, and what fails in looking for them fails nothing else."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.answer import Answer
from guards.drift.harm.gate import Harm, Severity
from guards.events.alarms import AlarmEvidence, DriftAlarm
from guards.events.feedback_received import FeedbackReceived
from service.observation.alerts import Alerts
from service.observation.feedback import RecentAnswer
from service.observation.windows import Windows
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics
from tests.patience import PATIENCE_S
from tests.service.observation import labelling, watching
from tests.service.observation.watching import Traffic, minutes, observe, windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from guards.drift.reference import Reference
    from guards.json_types import JsonObject


@pytest.fixture
def log() -> Iterator[EventLog]:
    """Return a log that is written nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    log = EventLog("here", "run", stdout=nowhere, path=None)
    yield log
    log.close(PATIENCE_S)
    os.close(nowhere)


@pytest.fixture(scope="module")
def reference() -> Reference:
    """Return the reference of ordinary traffic."""
    return watching.reference()


def metrics() -> Metrics:
    """Return metrics that nobody reads."""
    return Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)


def looked_at(
    alerts: Alerts, watched: Windows, clock: list[float], minutes: Iterable[tuple[Traffic, int]]
) -> Iterator[JsonObject]:
    """Observe traffic of so many documents minute by minute; yield the status after each."""
    generator = np.random.default_rng(2)
    for traffic, documents in minutes:
        observe(watched, traffic, documents, generator)
        alerts.look(watched.flush())
        clock[0] += 60
        yield alerts.status()


def test_alarms_of_the_last_day_are_as_last_judged(log: EventLog, reference: Reference) -> None:
    """Harm is shown after they were raised: one page is sent, and all of them say so."""
    watched, clock = windows(reference), [0.0]
    alerts = Alerts(watched.alarms(0), log, metrics(), clock=lambda: clock[0])
    shifted = Traffic(courts=(0.3, 0.2, 0.5))
    severities = []
    for status in looked_at(alerts, watched, clock, [(shifted, 60)] * 20):
        last_day = {alarm["feature"]: alarm for alarm in status["last_day"]}
        assert len(last_day) == len(status["last_day"])
        assert last_day == {alarm["feature"]: alarm for alarm in status["in_force"]}
        severities.append({alarm["severity"] for alarm in status["in_force"]})

    assert {"attention"} in severities
    assert severities[-1] == {"page"}
    assert len(last_day) > 1


def test_a_cleared_alarm_is_one_of_the_last_day(log: EventLog, reference: Reference) -> None:
    """Whoever comes later sees what it said."""
    watched, clock = windows(reference), [0.0]
    alerts = Alerts(watched.alarms(0), log, metrics(), clock=lambda: clock[0])
    traffic = [(Traffic(missing=1.0), 4)] * 8 + [(Traffic(), 2)] * 100

    *_, status = looked_at(alerts, watched, clock, traffic)

    assert status["in_force"] == []
    (alarm,) = status["last_day"]
    assert (alarm["feature"], alarm["severity"]) == ("pages", "attention")


def test_a_changed_meaning_is_told_as_every_alarm(tmp_path: Path) -> None:
    """In the log, the metrics and the status, of which it is a part while it is in force."""
    path, clock_s = tmp_path / "log.jsonl", [0.0]
    metrics = Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    log = EventLog("here", "run", stdout=nowhere, path=path)
    alarms = Windows(labelling.reference(), ()).alarms(0)
    alerts = Alerts(alarms, log, metrics, clock=lambda: clock_s[0])
    recent, (_, memo) = _sure_of("invoice"), labelling.LABELS
    for number in range(100):
        assert alerts.labelled(FeedbackReceived(f"r-{number}", memo), recent)
    clock_s[0] = 300.0
    alerts.look(None)
    (told,) = alerts.status()["in_force"]
    assert (told["feature"], told["severity"]) == ("champion.right.invoice", "page")
    assert alerts.status()["last_day"] == [told]
    assert 'understudy_alarms{severity="page"} 1' in metrics.render()[0].decode()
    log.close(PATIENCE_S)
    os.close(nowhere)
    (line,) = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert line["event"] == "drift.alarm"
    assert line["words"] == told["words"]


def test_a_label_that_cannot_be_counted_fails_nothing(
    log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    """The diagnostics say so, and what comes later is counted."""
    metrics = Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)
    alerts = Alerts(Windows(labelling.reference(), ()).alarms(0), log, metrics)
    recent = _sure_of("memo")
    broken = replace(recent, answered_s=float("nan"))
    assert not alerts.labelled(FeedbackReceived("a", "memo"), broken)
    assert alerts.labelled(FeedbackReceived("b", "memo"), recent)
    assert "a label is not counted" in caplog.text


def _sure_of(label: str) -> RecentAnswer:
    probabilities = dict.fromkeys(labelling.LABELS, 0.03) | {label: 0.97}
    answer = Answer(label, 0.97, 0.94, 0.2, probabilities)
    return RecentAnswer(answer, date(2026, 11, 27), labelling.NOTHING_COUNTED)


def test_a_window_that_cannot_be_looked_at_ends_the_watching(
    log: EventLog, reference: Reference, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once, and the status tells that nothing is watched, whatever comes later."""
    watched = windows(reference)
    alerts = Alerts(watched.alarms(0), log, metrics())
    minutes(watched, lambda _: Traffic(missing=1.0), 1, 100)
    window = watched.latest()
    assert alerts.status()["watching"]
    for broken in (replace(window, counts={}), replace(window, counts={}), window):
        alerts.look(broken)
    status = alerts.status()
    assert (status["watching"], status["in_force"]) == (False, [])
    assert caplog.text.count("not looked at for alarms any more") == 1


def test_alarms_on_segments_are_told_beside_the_others(log: EventLog) -> None:
    """The status has them in force, and which segments are watched and which are only counted."""
    watched = windows(watching.reference(500))
    metrics = Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)
    alarms = watched.alarms(0)
    alerts = Alerts(alarms, log, metrics)
    evidence = AlarmEvidence(1e9, 1e8, 500, 20)
    alarm = DriftAlarm(
        feature="court",
        segment="emea",
        severity=Severity.ATTENTION,
        harm=Harm.UNKNOWN,
        evidence=evidence,
        score={},
        explains=None,
        kind=None,
        words="…",
        since=datetime.now(UTC),
    )
    alarms.segments.in_force["emea", "court"] = alarm
    alarms.segments.not_watched = ["latam"]

    status = alerts.status()

    assert status["in_force"] == [alarm.to_json()]
    assert status["segments"] == {"watched": [], "not_watched": ["latam"]}
    assert alerts.alarm_of("court") is None
