"""A line is rendered once, and an event that cannot be rendered costs its line alone."""

import json
import os
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from guards.json_types import JsonObject
from service.telemetry.log import EventLog
from service.telemetry.sinks import MAX_WAITING_BYTES, Line
from tests.guards.events.something import something
from tests.patience import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Broken:
    """An event that cannot return its fields."""

    name: ClassVar[str] = "something.broke"

    def to_json(self) -> JsonObject:
        """Fail."""
        raise ZeroDivisionError


def test_a_line_is_rendered_once() -> None:
    """Two sinks that ask for a line share one rendering."""
    renderings = iter([b"first\n", b"second\n"])
    line = Line(partial(next, renderings))
    assert line.rendered() == line.rendered() == b"first\n"


def test_events_that_cannot_be_rendered_cost_their_lines_alone(tmp_path: Path) -> None:
    """One that raises and one that contains itself are counted in every sink; the others stand."""
    endless: list[object] = []
    endless.append(endless)
    path = tmp_path / "log.jsonl"
    with Path(os.devnull).open("wb") as nowhere:
        log = EventLog("replica-1", "run-1", stdout=nowhere.fileno(), path=path)
        for event in (something(), Broken(), something(endless=endless), something()):
            log.emit(event)
        assert log.close(PATIENCE_S)
    assert [json.loads(line)["seq"] for line in path.read_bytes().splitlines()] == [1, 4]
    assert log.lost == {"stdout": 2, "file": 2}


def test_a_broken_event_alone_costs_its_line(tmp_path: Path) -> None:
    """Nothing is written for it, and a later event finds the sink alive."""
    path = tmp_path / "log.jsonl"
    with Path(os.devnull).open("wb") as nowhere:
        log = EventLog("replica-1", "run-1", stdout=nowhere.fileno(), path=path)
        log.emit(Broken())
        assert log.flush(PATIENCE_S)
        log.emit(something())
        assert log.close(PATIENCE_S)
    assert [json.loads(line)["seq"] for line in path.read_bytes().splitlines()] == [2]
    assert log.lost_lines == 2


def test_documents_that_wait_are_bounded_by_memory(tmp_path: Path) -> None:
    """Behind a reader that does not read, large lines are lost and counted; small ones wait."""
    reader, writer = os.pipe()
    path = tmp_path / "log.jsonl"
    log = EventLog("replica-1", "run-1", stdout=writer, path=path)
    log.emit(something(text="x" * 1_000_000))
    for _ in range(3):
        log.emit(something(), MAX_WAITING_BYTES // 2)
    log.emit(something())
    assert log.lost["stdout"] == 1

    with os.fdopen(reader, "rb") as lines:
        threading.Thread(target=lines.read, daemon=True).start()
        assert log.flush(PATIENCE_S)
        log.emit(something(), 2 * MAX_WAITING_BYTES)
        assert log.flush(PATIENCE_S)
        assert log.lost["stdout"] == 1
        assert log.close(PATIENCE_S)
        os.close(writer)
