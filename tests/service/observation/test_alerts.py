"""Alarms are told of everywhere, and what fails in looking for them fails nothing else."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from guards.answer import Answer
from guards.events.events import FeedbackReceived
from service.observation.alerts import Alerts
from service.observation.feedback import RecentAnswer
from service.observation.windows import Windows
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics
from tests.patience import PATIENCE_S
from tests.service.observation import labelling, watching
from tests.service.observation.watching import Traffic, minutes, windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def log() -> Iterator[EventLog]:
    """Return a log that is written nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    log = EventLog("here", "run", stdout=nowhere, path=None)
    yield log
    log.close(PATIENCE_S)
    os.close(nowhere)


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
    return RecentAnswer(Answer(label, 0.97, 0.94, 0.2, probabilities), date(2026, 11, 27), ())


def test_a_window_that_cannot_be_looked_at_ends_the_watching(
    log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once, and the status tells that nothing is watched, whatever comes later."""
    watched = windows(watching.reference(500))
    metrics = Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)
    alerts = Alerts(watched.alarms(0), log, metrics)
    minutes(watched, lambda _: Traffic(missing=1.0), 1, 100)
    window = watched.latest()
    assert alerts.status()["watching"]
    for broken in (replace(window, counts={}), replace(window, counts={}), window):
        alerts.look(broken)
    status = alerts.status()
    assert (status["watching"], status["in_force"]) == (False, [])
    assert caplog.text.count("not looked at for alarms any more") == 1
