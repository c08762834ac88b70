"""The documents that logs hold."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from guards.events.captured import captured_documents, captured_lines
from guards.events.log_table import LogTable
from tests.guards.comparison.logs import Seen, write_log

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = {"text": 'says "document": and more', "features": {"request_id": "b", "pages": 3}}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log with one document, and one that was not captured."""
    seen = [Seen("a", document=DOCUMENT), Seen("b", second=1)]
    return write_log(tmp_path / "log.jsonl", seen)


def test_the_line_tells_the_document_its_run_and_its_moment(log: Path) -> None:
    """Others are passed over."""
    (line,) = captured_lines([log])
    assert (line.request_id, line.run, line.text) == ("a", "run", DOCUMENT["text"])
    assert line.at.startswith("2026-03-02T08:00:00")
    assert line.features == DOCUMENT["features"]


def test_only_what_is_wanted_is_yielded(log: Path) -> None:
    """By the id of the request, whatever a column is called."""
    assert [line.request_id for line in captured_lines([log], wanted={"a"}.__contains__)] == ["a"]
    assert list(captured_lines([log], wanted={"b"}.__contains__)) == []
    assert captured_documents([log], {"b", "c"}) == {}
    assert captured_documents([log], {"a"})["a"]["text"] == DOCUMENT["text"]


def test_a_document_of_a_late_comparison_has_the_run_that_answered(tmp_path: Path) -> None:
    """The line is that of another event, and has no moment of observation."""
    line = {
        "event": "comparison.completed",
        "timestamp": "2026-03-02T08:00:00.000000Z",
        "run": "later",
        "origin_run": "run",
        "request_id": "a\u00e9",
        "document": DOCUMENT,
    }
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(line, separators=(",", ":")) + "\n", encoding="utf-8")
    (found,) = captured_lines([path], wanted={"a\u00e9"}.__contains__)
    assert (found.request_id, found.run, found.at) == ("a\u00e9", "run", line["timestamp"])


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[:-9],
        lambda line: line.replace(b'"text":', b'"words":'),
        lambda line: line.replace(b'"origin_run":"run"', b'"origin_run":[]').replace(
            b'"run":"run"', b'"run":7'
        ),
        lambda line: line.replace(b'"features":{', b'"features":[{').replace(b"3}}", b"3}]}"),
    ],
)
def test_a_damaged_line_is_passed_over(log: Path, damage: object) -> None:
    """Torn, or with something else than a document; the lines after it are read."""
    assert callable(damage)
    first, second = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(damage(first.rstrip()) + b"\n" + second + first)
    assert [line.request_id for line in captured_lines([log])] == ["a"]


def test_a_log_table_knows_which_files_hold_documents(log: Path, tmp_path: Path) -> None:
    """So that the others need not be read again."""
    other = write_log(tmp_path / "other.jsonl", [Seen("c")], run="other")
    with LogTable.read([other, log]) as table:
        assert table.captured == (log,)


def test_a_pipe_is_not_read_twice(log: Path) -> None:
    """It has nothing more to give, or never ends."""
    read_end, write_end = os.pipe()
    os.write(write_end, log.read_bytes())
    os.close(write_end)
    with LogTable.read([f"/dev/fd/{read_end}"]) as table:
        assert table.captured == ()
    os.close(read_end)
