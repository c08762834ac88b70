"""What the demo reads back from a log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from artifacts.opening import open_bundle
from service.demo.report import read_days, table

if TYPE_CHECKING:
    from pathlib import Path

TITLES = {"good": "a good day", "surge": "a surge"}


def _observed(day: str, number: int, label: str, *, agree: bool) -> dict[str, Any]:
    return {
        "event": "request.observed",
        "request_id": f"{day}-{number}",
        "observed_at": f"2026-01-0{1 if day == 'good' else 2}T00:00:0{number}.000000Z",
        "champion": {"label": label, "confidence": 0.9},
        "challengers": [{"status": "ok", "confidence": 0.6, "agree": agree}],
    }


def _window(day: int, court: dict[str, Any]) -> dict[str, Any]:
    bounds = {
        "start": f"2026-01-0{day}T00:00:00.000000Z",
        "end": f"2026-01-0{day}T00:01:00.000000Z",
    }
    counts = {"features": {"court": court}}
    return {"event": "drift.window", "window": {**bounds, "documents": 2}, "counts": counts}


@pytest.fixture
def log(tmp_path: Path, champion: Path) -> Path:
    """Write the log of two days, the second with a category that the bundle does not know."""
    court = open_bundle(champion).reference.features["court"].to_json()
    known = {"counts": court["counts"], "missing": 1, "unknown": 0, "new": {}, "new_other": 0}
    new = {**known, "unknown": 90, "new": {"CDCA": 90}, "new_other": 0}
    lines = [
        _observed("good", 1, "letter", agree=True),
        _window(1, known),
        _observed("surge", 1, "invoice", agree=False),
        _window(2, new),
        _observed("surge", 2, "invoice", agree=True),
        _window(2, new),
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
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


def test_table_has_a_column_a_day(log: Path, champion: Path) -> None:
    """The days stand side by side under their titles."""
    reference = json.loads((champion / "reference.json").read_bytes())
    head, *rows = table(list(read_days(log, TITLES, reference))).splitlines()
    assert head.endswith("  a surge")
    assert any(row.startswith("champion's confidence") and "0.900" in row for row in rows)
