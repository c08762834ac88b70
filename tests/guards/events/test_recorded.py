"""Documents that logs tell of, with what was captured."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.events.recorded import recorded_documents
from tests.guards.diagnosis.traffic import Traffic, write_log, write_replay

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

CAPTURED = {"text": "a text", "features": {"pages": 3}}


def captured_log(path: Path) -> Path:
    """Write a log in which the first document is captured."""
    lines = write_log(Traffic(per_hour=1), path).read_text(encoding="utf-8").splitlines()
    documents = [json.loads(line) for line in lines if '"request.observed"' in line]
    documents[0]["document"] = CAPTURED
    _write(path, documents)
    return path


def _write(path: Path, lines: list[JsonObject]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_each_document_comes_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    """With its moment and its segment; what was not captured has no document."""
    path = captured_log(tmp_path / "log.jsonl")
    read: list[int] = []
    first, *others = recorded_documents([path, path], read.append)

    assert (first.request_id, first.segment, first.document) == ("a-0", "emea", CAPTURED)
    assert first.observed_at.date() == datetime(2026, 3, 2, tzinfo=UTC).date()
    assert [each.request_id for each in others] == [f"a-{n}" for n in range(1, len(others) + 1)]
    assert {each.document is None for each in others} == {True}
    assert sum(read) == 2 * path.stat().st_size


def test_a_replay_tells_of_no_document_of_its_own(tmp_path: Path) -> None:
    """Wherever it stands among the logs, what it replays comes from the log itself."""
    traffic = Traffic(per_hour=1)
    path = captured_log(tmp_path / "log.jsonl")
    replay = write_replay(traffic, tmp_path / "a replay.jsonl")

    assert list(recorded_documents([replay, path])) == list(recorded_documents([path]))


def test_what_is_no_document_is_passed_over(tmp_path: Path) -> None:
    """A torn line, one without a field, one whose capture is no document, and other events."""
    path = captured_log(tmp_path / "log.jsonl")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:4]]
    del lines[0]["observed_at"]
    lines[1]["document"] = {"text": 3}
    lines[2]["event"] = "drift.cleared"
    _write(path, lines)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"event":"request.observed"')

    assert [(e.request_id, e.document) for e in recorded_documents([path])] == [
        (lines[1]["request_id"], None),
        (lines[3]["request_id"], None),
    ]
