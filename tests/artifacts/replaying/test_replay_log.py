"""The log of a replay: begun, interrupted, gone on with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from artifacts.replaying.replay_log import opened_replay_log
from guards.answer import Answer, Observation
from guards.bundle.identity import BundleIdentity
from guards.errors import CallError
from guards.events.replay_started import ReplayStarted
from guards.events.request_observed import RequestObserved
from guards.events.service_events import Variant

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

STARTED = ReplayStarted(Variant("docs", "1", "sha256:1f", "torch"), ())
OTHER = ReplayStarted(Variant("docs", "2", "sha256:2e", "torch"), ())


def observed(request_id: str) -> RequestObserved:
    """Return a document that was answered."""
    answer = Answer("a", 0.75, 0.5, 0.8, {"a": 0.75, "b": 0.25})
    return RequestObserved(
        request_id=request_id,
        observed_at=datetime(2026, 3, 2, tzinfo=UTC),
        origin_run="run",
        segment=None,
        model=BundleIdentity("docs", "1", "sha256:1f"),
        champion=Observation(answer, 0.01, 0.01),
        outcomes=(),
        tokens=3,
        truncated=False,
        unknown=(),
        missing=(),
        coerced=(),
        out_of_range=(),
    )


def lines(path: Path) -> list[JsonObject]:
    """Return the lines of a log."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a log with two documents."""
    path = tmp_path / "replayed.jsonl"
    with opened_replay_log(path, [STARTED]) as log:
        log.write([observed("a"), observed("b")])
    return path


def test_it_begins_with_who_answers(path: Path) -> None:
    """One run, whose lines count from one; only the owner may read it."""
    assert [line["event"] for line in lines(path)] == [
        "replay.started",
        "request.observed",
        "request.observed",
    ]
    assert [line["seq"] for line in lines(path)] == [1, 2, 3]
    assert len({line["run"] for line in lines(path)}) == 1
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("torn", [0, 1, 40])
def test_it_goes_on_where_it_was_interrupted(path: Path, torn: int) -> None:
    """A line that was cut is written again, and the others stay as they are."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - torn])
    with opened_replay_log(path, [STARTED]) as log:
        done = {*log.done}
        log.write(observed(each) for each in "abc" if each not in done)

    assert done == ({"a"} if torn else {"a", "b"})
    assert [line.get("request_id") for line in lines(path)] == [None, "a", "b", "c"]
    assert [line["seq"] for line in lines(path)] == [1, 2, 3, 4]
    assert len({line["run"] for line in lines(path)}) == 1


def test_the_replay_of_other_bundles_is_not_gone_on_with(path: Path) -> None:
    """Its lines stay as they are."""
    data = path.read_bytes()
    with pytest.raises(CallError, match="other bundles"), opened_replay_log(path, [OTHER]):
        pass
    assert path.read_bytes() == data


@pytest.mark.parametrize("content", ["a text\n", "no line", "{}\n", '{"event":"request.observed"'])
def test_another_file_is_left_alone(tmp_path: Path, content: str) -> None:
    """Whatever it holds, and with or without a line end."""
    path = tmp_path / "notes.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CallError, match="no replay"), opened_replay_log(path, [STARTED]):
        pass
    assert path.read_text(encoding="utf-8") == content


def test_a_place_that_takes_no_file_is_told(tmp_path: Path) -> None:
    """In one line."""
    with (
        pytest.raises(CallError, match="cannot be written"),
        opened_replay_log(tmp_path / "nowhere" / "replayed.jsonl", [STARTED]),
    ):
        pass
