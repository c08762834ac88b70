"""What becomes of values that JSON does not know."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.telemetry.events import Event
from service.telemetry.rendering import line_renderer
from service.telemetry.sinks import Line

RENDER = line_renderer("replica-1", "run-1")
MOMENT = datetime(2026, 1, 31, 12, 0, 0, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Variant:
    """A value such as the service logs."""

    name: str
    confidence: float


def rendered(**fields: object) -> dict[str, Any]:
    """Render one line, and parse it as strictly as JSON is defined."""

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    line = RENDER(Event.REQUEST_OBSERVED, MOMENT, 1, fields)
    assert line.index(b"\n") == len(line) - 1
    parsed: dict[str, Any] = json.loads(line, parse_constant=refuse)
    return parsed


def test_the_line_is_compact_and_its_timestamp_has_microseconds_even_when_zero() -> None:
    """The exact bytes of a line, so that a change of format is seen."""
    assert RENDER(Event.SERVICE_STARTED, MOMENT, 7, {"git": "abc"}) == (
        b'{"timestamp":"2026-01-31T12:00:00.000000Z","event":"service.started","schema":1,'
        b'"replica":"replica-1","run":"run-1","seq":7,"git":"abc"}\n'
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
        (Event.DRIFT_ALARM, "drift.alarm"),
    ],
)
def test_values_are_written_as_what_they_hold(value: object, expected: object) -> None:
    """Dataclasses, numpy values, mappings, tuples, paths and enums need no conversion before."""
    assert rendered(value=value)["value"] == expected


@pytest.mark.parametrize("value", [{1, 2}, b"secret", object(), Variant, 1j])
def test_any_other_type_is_named_and_its_content_withheld(value: object) -> None:
    """A value that JSON cannot hold leaves its type in the line, and the other fields intact."""
    line = rendered(value=value, tokens=3)
    assert line["value"] == f"unserializable: {type(value).__qualname__}"
    assert line["tokens"] == 3


@settings(derandomize=True, max_examples=50)
@given(st.text())
def test_text_survives(text: str) -> None:
    """Text of any script comes back as it was, and never breaks the line."""
    assert rendered(text=text)["text"] == text


def test_text_is_written_as_utf_8() -> None:
    """Non-ASCII text stands in the line as itself, not as escapes."""
    line = RENDER(Event.REQUEST_OBSERVED, MOMENT, 1, {"label": "Verträge · 契約"})
    assert "Verträge · 契約" in line.decode()


def test_a_lone_surrogate_does_not_spoil_the_line() -> None:
    """Half of a character, which UTF-8 cannot hold, is replaced."""
    assert rendered(request_id="a\ud800b")["request_id"] == "a?b"


def test_a_line_is_rendered_once() -> None:
    """Two sinks that ask for a line share one rendering."""
    renderings = iter([b"first\n", b"second\n"])
    line = Line(lambda: next(renderings))
    assert line.rendered() == line.rendered() == b"first\n"


def test_fields_without_end_cost_the_line_and_nothing_else() -> None:
    """A field that holds itself gives no bytes, and no error."""
    endless: list[object] = []
    endless.append(endless)
    line = Line(lambda: RENDER(Event.REQUEST_OBSERVED, MOMENT, 1, {"endless": endless}))
    assert line.rendered() == b""
