"""Every event is read back as it was written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guards.events.events import EVENTS, Event
from guards.events.feedback_received import FeedbackReceived
from guards.events.rendering import line_renderer
from guards.events.request_observed import RequestObserved
from guards.moments import from_rfc3339, rfc3339
from tests.guards.events.strategies import EVENTS_OF_ALL_TYPES, MOMENTS

if TYPE_CHECKING:
    from guards.json_types import JsonObject

RENDER = line_renderer("replica-1", "run-1")
MOMENT = datetime(2026, 1, 31, 12, 0, 0, 0, tzinfo=UTC)


EVERY_EVENT = pytest.mark.parametrize(
    ("name", "events"), list(zip(EVENTS, EVENTS_OF_ALL_TYPES, strict=True)), ids=list(EVENTS)
)


def line_of(event: Event) -> JsonObject:
    """Render an event and parse its line."""
    line: JsonObject = json.loads(RENDER(event, MOMENT, 1))
    return line


@EVERY_EVENT
@given(st.data())
def test_an_event_survives_its_line(
    name: str, events: st.SearchStrategy[Event], data: st.DataObject
) -> None:
    """Rendered and read back it is equal, also with a later version's fields at any depth."""
    event = data.draw(events)
    line = line_of(event)
    assert line["event"] == event.name == name
    assert EVENTS[name].from_json(line) == event
    for part in (line, line.get("champion"), line.get("coverage"), line.get("window")):
        if part is not None:
            part["later"] = 1
    for part in (*line.get("challengers", ()), *line.get("findings", ())):
        part["later"] = 1
    assert EVENTS[name].from_json(line) == event


@EVERY_EVENT
@settings(max_examples=20)
@given(st.data())
def test_a_line_without_a_field_is_malformed(
    name: str, events: st.SearchStrategy[Event], data: st.DataObject
) -> None:
    """Nothing is made up for a field that lacks, but for one that repeats others or came later."""
    line = line_of(data.draw(events))
    stamp = {"timestamp", "event", "schema", "replica", "run", "seq"}
    repeated = {
        "service.stopping": {"compared", "missed"},
        "service.stopped": {"compared", "missed"},
        "verdict.changed": {"decision"},
        "request.observed": {"reference", "cells"},
    }
    added = {
        "guard",
        "not_watched",
        "document",
        "source",
        "stratum",
        "inclusion_probability",
        "labelled_at",
    }
    for field in line.keys() - stamp - repeated.get(name, set()) - added:
        without = {key: value for key, value in line.items() if key != field}
        with pytest.raises(KeyError, match=field):
            EVENTS[name].from_json(without)


def test_feedback_of_an_earlier_version_is_the_truth() -> None:
    """Lines without a source were written before labels were drawn."""
    line = {"request_id": "a", "label": "letter", "observation": None}
    assert FeedbackReceived.from_json(line) == FeedbackReceived("a", "letter")


@pytest.mark.parametrize("source", ["rumour", None, ["truth"]])
def test_feedback_of_an_unknown_source_is_malformed(source: object) -> None:
    """What a label of it is worth is not known."""
    line = FeedbackReceived("a", "letter").to_json() | {"source": source}
    with pytest.raises(ValueError, match="LabelSource"):
        FeedbackReceived.from_json(line)


def test_two_challengers_named_alike_before_ordinals_are_numbered() -> None:
    """The second of a bundle had a plus sign behind its version, the third had two."""
    missed = {"name": "docs", "status": "missed", "reason": "shutdown"}
    versions = ["2", "3+", "2+", "2++", "3"]
    line = _request_observed([missed | {"version": version} for version in versions])
    ids = [one.challenger for one in RequestObserved.from_json(line).outcomes]
    assert ids == [
        ("docs", "2", 1), ("docs", "3+", 1), ("docs", "2", 2), ("docs", "2", 3), ("docs", "3", 1),
    ]  # fmt: skip


def test_with_an_ordinal_a_plus_sign_belongs_to_the_version() -> None:
    """A version may end with one."""
    missed = {"name": "docs", "status": "missed", "reason": "shutdown", "ordinal": 1}
    line = _request_observed([missed | {"version": version} for version in ("2", "2+")])
    ids = [one.challenger for one in RequestObserved.from_json(line).outcomes]
    assert ids == [("docs", "2", 1), ("docs", "2+", 1)]


def _request_observed(challengers: list[JsonObject]) -> JsonObject:
    answer = {"label": "a", "confidence": 0.75, "margin": 0.5, "entropy": 0.5}
    champion = {"name": "docs", "version": "1", "fingerprint": "sha256:0", "infer_s": 0.25}
    return {
        **dict.fromkeys(("unknown", "missing", "coerced", "out_of_range"), ()),
        "request_id": "a",
        "origin_run": "run-1",
        "segment": None,
        "tokens": 3,
        "truncated": False,
        "observed_at": "2026-01-31T12:00:00.000000Z",
        "champion": {**champion, **answer, "probabilities": {"a": 0.75, "b": 0.25}},
        "challengers": challengers,
    }


@given(MOMENTS)
def test_a_moment_survives_its_text(moment: datetime) -> None:
    """To the microsecond, always with six decimals and a Z."""
    text = rfc3339(moment)
    assert text.endswith("Z")
    assert len(text) == len("2026-01-01T00:00:00.000000Z")
    assert from_rfc3339(text) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_another_text_is_no_moment(text: str) -> None:
    """It is an error rather than some moment."""
    with pytest.raises(ValueError, match=r"isoformat|month"):
        from_rfc3339(text)
