"""From events to lines, and what becomes of values that JSON does not know."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guards.events.feedback_received import FeedbackReceived
from guards.events.rendering import line_renderer
from guards.evidence.pair import Missed
from guards.json_types import JsonObject
from tests.guards.events.something import Something, something

RENDER = line_renderer("replica-1", "run-1")
MOMENT = datetime(2026, 1, 31, 12, 0, 0, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Variant:
    """A value such as the service logs."""

    name: str
    confidence: float


def rendered(**fields: object) -> JsonObject:
    """Render one line, and parse it as strictly as JSON is defined."""

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    line = RENDER(Something(fields), MOMENT, 1)
    assert line.index(b"\n") == len(line) - 1
    parsed: JsonObject = json.loads(line, parse_constant=refuse)
    return parsed


def test_the_line_is_compact_and_its_timestamp_has_microseconds_even_when_zero() -> None:
    """The exact bytes of a line, so that a change of format is seen."""
    event = FeedbackReceived("a-17", "letter", ("memo", 0.5))
    assert RENDER(event, MOMENT, 7) == (
        b'{"timestamp":"2026-01-31T12:00:00.000000Z","event":"feedback.received","schema":1,'
        b'"replica":"replica-1","run":"run-1","seq":7,"request_id":"a-17","label":"letter",'
        b'"source":"truth","stratum":null,"inclusion_probability":null,"labelled_at":null,'
        b'"observation":{"label":"memo","confidence":0.5}}\n'
    )


def test_numbers_that_are_not_finite_become_null() -> None:
    """NaN and the infinities are null at every depth, and the numbers beside them stay."""
    line = rendered(
        score=float("nan"),
        window={"sums": [1.5, float("inf"), np.float64("-inf")], "least": np.float32("nan")},
        champion=Variant("docs", float("nan")),
    )
    assert line["score"] is None
    assert line["window"] == {"sums": [1.5, None, None], "least": None}
    assert line["champion"] == {"name": "docs", "confidence": None}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Variant("docs", 0.5), {"name": "docs", "confidence": 0.5}),
        ([Variant("docs", 0.5)], [{"name": "docs", "confidence": 0.5}]),
        (np.int64(3), 3),
        (np.bool_(1), True),
        (np.float64(0.1), 0.1),
        (np.arange(3), [0, 1, 2]),
        (np.array([1.0, np.nan]), [1.0, None]),
        (MappingProxyType({"a": 1}), {"a": 1}),
        ({np.int64(1): "one"}, {"1": "one"}),
        (("a", None), ["a", None]),
        (Path("a") / "b", "a/b"),
        (Missed.TIMEOUT, "timeout"),
    ],
)
def test_values_are_written_as_their_content(value: object, expected: object) -> None:
    """Dataclasses, numpy values, mappings, tuples, paths and enums need no conversion before."""
    assert rendered(value=value)["value"] == expected


@pytest.mark.parametrize("value", [{1, 2}, b"secret", object(), Variant, 1j])
def test_any_other_type_is_named_and_its_content_withheld(value: object) -> None:
    """A value that JSON cannot hold leaves its type in the line, and the other fields intact."""
    line = rendered(value=value, tokens=3)
    assert line["value"] == f"unserializable: {type(value).__qualname__}"
    assert line["tokens"] == 3


@settings(max_examples=50)
@given(st.text())
def test_text_survives(text: str) -> None:
    """Text of any script comes back as it was, and never breaks the line."""
    assert rendered(text=text)["text"] == text


@pytest.mark.parametrize("place", ["key", "value", "request_id"])
def test_a_line_is_one_line_for_every_reader(place: str) -> None:
    """Separators that some readers split at are escaped, and so is what acts on a terminal."""
    text = "a\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029b\x7f\x9b31m\u202e\u2066\U000e0041"
    fields = {text: 1} if place == "key" else {place: text}

    line = RENDER(Something(fields), MOMENT, 1).decode()

    assert len(line.splitlines()) == 1
    assert line.removesuffix("\n").isprintable()
    assert text in json.loads(line) or json.loads(line)[place] == text


def test_text_is_written_as_utf_8() -> None:
    """Non-ASCII text stands in the line as itself, not as escapes."""
    line = RENDER(something(label="Verträge · 契約"), MOMENT, 1)
    assert "Verträge · 契約" in line.decode()


def test_a_lone_surrogate_does_not_spoil_the_line() -> None:
    """Half of a character, which UTF-8 cannot hold, is replaced."""
    assert rendered(request_id="a\ud800b")["request_id"] == "a?b"


def test_a_value_that_contains_itself_is_an_error() -> None:
    """It has no JSON; the caller must handle the error."""
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(RecursionError):
        RENDER(something(endless=endless), MOMENT, 1)
