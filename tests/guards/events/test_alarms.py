"""Alarms as lines: what a reader takes for one, and what it does not."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guards.drift.harm.gate import Harm, Severity
from guards.events.alarms import AlarmEvidence, DriftAlarm, DriftCleared
from guards.events.reading import LogAccount, LogReader
from tests.guards.events.tables import MOMENT, line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonValue

ALARM = DriftAlarm(
    feature="body_chars",
    segment=None,
    severity=Severity.PAGE,
    harm=Harm.SHOWN,
    evidence=AlarmEvidence(e_value=2e6, threshold=1.5e6, documents=1000, minutes=4),
    score={"metric": "ks", "value": 0.5},
    explains=None,
    kind=None,
    words="body_chars: median 377 → 377,000",
    since=MOMENT,
)
CLEARED = DriftCleared("body_chars", "eu", MOMENT, "body_chars is as in training again")


def test_an_alarm_and_its_end_are_read_as_they_were_written(log: Callable[..., Path]) -> None:
    """Whoever reads a log hears when what was noticed, and when it was over."""
    reader = LogReader([log(line(1, ALARM), line(2, CLEARED))])
    assert [each.event for each in reader] == [ALARM, CLEARED]
    assert reader.account == LogAccount(lines=2)


def test_an_infinite_e_value_is_written_as_the_largest_double(log: Callable[..., Path]) -> None:
    """JSON has no infinity, and evidence beyond all doubts must not make the line malformed."""
    certain = replace(ALARM, evidence=replace(ALARM.evidence, e_value=math.inf))
    (read,) = LogReader([log(line(1, certain))])
    assert isinstance(read.event, DriftAlarm)
    assert read.event.evidence.e_value == sys.float_info.max


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("feature", None),
        ("segment", 1),
        ("severity", "panic"),
        ("harm", None),
        ("harm", ["shown"]),
        ("evidence", None),
        ("evidence", {"e_value": 1.0}),
        ("evidence", {"e_value": "many", "threshold": 1.0, "documents": 1, "minutes": 1}),
        ("evidence", {"e_value": 1.0, "threshold": None, "documents": 1, "minutes": 1}),
        ("evidence", {"e_value": 1.0, "threshold": 1.0, "documents": 1.5, "minutes": 1}),
        ("evidence", {"e_value": 1.0, "threshold": 1.0, "documents": 1, "minutes": 2**64}),
        ("score", None),
        ("explains", "half"),
        ("kind", 3),
        ("words", None),
        ("since", "yesterday"),
        ("since", None),
        ("promise", 1),
    ],
)
def test_a_field_of_another_type_makes_an_alarm_malformed(
    log: Callable[..., Path], field: str, value: JsonValue
) -> None:
    """It is counted, and nobody is told of half an alarm."""
    altered = json.dumps({**json.loads(line(1, ALARM)), field: value}).encode() + b"\n"
    reader = LogReader([log(altered, line(2, CLEARED))])
    assert [each.event for each in reader] == [CLEARED]
    assert reader.account.malformed == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("feature", None), ("segment", 1), ("raised_at", "yesterday"), ("words", ["over"])],
)
def test_a_field_of_another_type_makes_the_end_of_an_alarm_malformed(
    log: Callable[..., Path], field: str, value: JsonValue
) -> None:
    """It is counted, and the alarm stands."""
    altered = json.dumps({**json.loads(line(1, CLEARED)), field: value}).encode() + b"\n"
    reader = LogReader([log(altered, line(2, ALARM))])
    assert [each.event for each in reader] == [ALARM]
    assert reader.account.malformed == 1


def test_evidence_beyond_doubles_is_a_number() -> None:
    """Logarithms of any size become numbers that JSON has."""
    evidence = AlarmEvidence.of(1e6, math.log(1e5), 10, 3)
    assert 1e300 < evidence.e_value <= sys.float_info.max
    assert evidence.threshold == pytest.approx(1e5)
    assert (evidence.documents, evidence.minutes) == (10, 3)
