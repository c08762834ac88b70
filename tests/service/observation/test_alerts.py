"""What fails in looking for alarms fails nothing else."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from guards.events.alarms import AlarmEvidence, DriftAlarm
from service.observation.alerts import Alerts
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics
from tests.patience import PATIENCE_S
from tests.service.observation import watching
from tests.service.observation.watching import Traffic, minutes, windows

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def log() -> Iterator[EventLog]:
    """Return a log that is written nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    log = EventLog("here", "run", stdout=nowhere, path=None)
    yield log
    log.close(PATIENCE_S)
    os.close(nowhere)


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


def test_alarms_on_segments_are_told_beside_the_others(log: EventLog) -> None:
    """The status has them in force, and which segments are watched and which are only counted."""
    watched = windows(watching.reference(500))
    metrics = Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)
    alarms = watched.alarms(0)
    alerts = Alerts(alarms, log, metrics)
    evidence = AlarmEvidence(1e9, 1e8, 500, 20)
    alarm = DriftAlarm(
        "court", "emea", "attention", "unknown", evidence, {}, None, None, "…", datetime.now(UTC)
    )
    alarms.segments.in_force["emea", "court"] = alarm
    alarms.segments.not_watched = ["latam"]

    status = alerts.status()

    assert status["in_force"] == [alarm.to_json()]
    assert status["segments"] == {"watched": [], "not_watched": ["latam"]}
    assert alerts.alarm_of("court") is None
