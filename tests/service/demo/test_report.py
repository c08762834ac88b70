"""What the demo reads back from a log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import open_bundle
from guards.answer import Answer, Observation
from guards.bundle.identity import BundleIdentity
from guards.drift.harm.gate import Harm, Severity
from guards.events.alarms import AlarmEvidence, DriftAlarm
from guards.events.drift_window import DriftWindow
from guards.events.rendering import line_renderer
from guards.events.request_observed import RequestObserved
from guards.evidence.pair import ChallengerId, ShadowOutcome
from service.demo.report import read_days, table

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

TITLES = {"good": "a good day", "surge": "a surge"}


def _observation(label: str, confidence: float) -> Observation:
    answer = Answer(label, confidence, 0.5, 0.5, {"letter": 0.5, "invoice": 0.5})
    return Observation(answer, infer_s=0.01, cpu_s=0.01)


def _observed(day: str, number: int, label: str, *, agree: bool) -> RequestObserved:
    champion = _observation(label, 0.9)
    challenger = _observation(label if agree else "memo", 0.6)
    return RequestObserved(
        request_id=f"{day}-{number}",
        observed_at=datetime(2026, 1, 1 if day == "good" else 2, 0, 0, number, tzinfo=UTC),
        origin_run="run",
        segment=None,
        model=BundleIdentity("docs", "1", "sha256:0"),
        champion=champion,
        outcomes=(ShadowOutcome.of(champion, ChallengerId("docs", "2"), challenger),),
        tokens=9,
        truncated=False,
        unknown=(),
        missing=(),
        coerced=(),
        out_of_range=(),
    )


def _window(day: int, court: JsonObject) -> DriftWindow:
    start = datetime(2026, 1, day, tzinfo=UTC)
    counts = {"features": {"court": court}}
    return DriftWindow(start, start + timedelta(minutes=1), 2, "sha256:0", counts, {})


@pytest.fixture
def log(tmp_path: Path, champion: Path) -> Path:
    """Write the log of two days, the second with a category that the bundle does not know."""
    court = open_bundle(champion).reference.features["court"].to_json()
    known = {"counts": court["counts"], "missing": 1, "unknown": 0, "new": {}, "new_other": 0}
    new = {**known, "unknown": 90, "new": {"CDCA": 90}, "new_other": 0}
    alarm = DriftAlarm(
        feature="court",
        segment=None,
        severity=Severity.ATTENTION,
        harm=Harm.UNKNOWN,
        evidence=AlarmEvidence(1e9, 1e8, 90, 2),
        score={},
        explains=None,
        kind=None,
        words="court: 90 % in new categories",
        since=datetime(2026, 1, 2, tzinfo=UTC),
    )
    events: list[RequestObserved | DriftWindow | DriftAlarm] = [
        _observed("good", 1, "letter", agree=True),
        _window(1, known),
        _observed("surge", 1, "invoice", agree=False),
        _window(2, new),
        _observed("surge", 2, "invoice", agree=True),
        _window(2, new),
        alarm,
    ]
    path = tmp_path / "log.jsonl"
    render = line_renderer("replica", "run")
    moment = datetime(2026, 1, 3, tzinfo=UTC)
    path.write_bytes(b"".join(render(event, moment, seq) for seq, event in enumerate(events, 1)))
    return path


def test_each_day_is_reported_from_its_own_lines_and_windows(log: Path, champion: Path) -> None:
    """Shares, means and new categories of a day do not leak into another."""
    reference = json.loads((champion / "reference.json").read_bytes())
    good, surge = read_days(log, TITLES, reference)
    assert (good.documents, good.invoices, good.agreement) == (1, 0.0, 1.0)
    assert (surge.documents, surge.invoices, surge.agreement) == (2, 1.0, 0.5)
    assert good.new_categories == ()
    assert surge.new_categories == ("CDCA",)
    assert any(moved.startswith("court") for moved in surge.moved)
    assert good.alarms == ()
    assert surge.alarms == ("court: 90 % in new categories (attention)",)


def test_table_has_a_column_a_day(log: Path, champion: Path) -> None:
    """The days stand side by side under their titles."""
    reference = json.loads((champion / "reference.json").read_bytes())
    head, *rows = table(list(read_days(log, TITLES, reference))).splitlines()
    assert head.endswith("  a surge")
    assert any(row.startswith("champion's confidence") and "0.900" in row for row in rows)
