"""What a log tells of its champion's columns."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from guards.comparison.columns_told import ColumnsTold, columns_told
from guards.drift.described import DescribedFeature
from guards.drift.distance import Score
from guards.events.drift_reference import DriftReference
from guards.events.drift_window import DriftWindow
from guards.events.log_table import LogTable
from guards.events.rendering import line_renderer
from tests.guards.comparison.logs import START, Seen, observed

if TYPE_CHECKING:
    from pathlib import Path

    from guards.events.events import Event

REFERENCE = "sha256:ref"
SCORE = Score("ks", 0.25, 0.25, 0.125, enough_data=True, documents=100)
DESCRIBED = (
    DescribedFeature("text.tokens", (1, 1, 0, 0), (20.0,), {}),
    DescribedFeature("pages", (1, 1, 0, 0), (5.0,), {}),
    DescribedFeature("text.token (column)", (1, 1, 0, 0), None, {0: "a"}),
    DescribedFeature("champion.label", (1, 1, 0, 0), None, {0: "contract"}),
)
WATCHED = ("pages", "salary", "text.token (column)", "champion.confidence", "docs/2.label")


def _log(path: Path, *events: Event) -> LogTable:
    render = line_renderer("replica", "run")
    events = (observed(Seen("r-1")), *events)
    path.write_bytes(b"".join(render(event, START, seq) for seq, event in enumerate(events, 1)))
    return LogTable.read([path])


def _window(reference: str) -> DriftWindow:
    scores = dict.fromkeys(WATCHED, SCORE)
    return DriftWindow(START, START + timedelta(minutes=1), 9, reference, {}, scores)


def test_columns_with_their_roles_and_private_ones(tmp_path: Path) -> None:
    """A column that only windows name is private; facts of texts and answers are no columns."""
    described = DriftReference(REFERENCE, "grouped", DESCRIBED)
    with _log(tmp_path / "log.jsonl", described, _window(REFERENCE)) as log:
        told = columns_told(log, REFERENCE)

    assert told == ColumnsTold(("pages",), ("text.token",), ("salary",))
    assert told.shown == ("pages", "text.token")


def test_windows_of_another_champion_tell_nothing(tmp_path: Path) -> None:
    """Its columns are not those of the one that is asked for."""
    described = DriftReference(REFERENCE, "full", DESCRIBED)
    with _log(tmp_path / "log.jsonl", described, _window("sha256:other")) as log:
        told = columns_told(log, REFERENCE)

    assert told is not None
    assert told.private == ()


def test_nothing_is_told_without_a_description(tmp_path: Path) -> None:
    """As under ``CELLS=none``, and in lines of earlier versions."""
    with _log(tmp_path / "log.jsonl", _window(REFERENCE)) as log:
        assert columns_told(log, REFERENCE) is None
        assert columns_told(log, None) is None
