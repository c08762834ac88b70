"""JSON from elsewhere is parsed within bounds."""

from __future__ import annotations

import json

import pytest

from guards.bundle.json_parts import parse_json


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    """Return JSON of so many levels, with a number inside."""
    return (opening * levels + "1" + closing * levels).encode()


@pytest.mark.parametrize("data", [b'{"a": [1, {"b": null}]}', b"[]", b"3", nested(64)])
def test_json_is_parsed_as_it_is(data: bytes) -> None:
    """What is within the bounds is what the library makes of it."""
    assert parse_json(data) == json.loads(data)


@pytest.mark.parametrize(
    "data",
    [
        nested(65),
        nested(990),
        nested(200_000),
        nested(990, '{"a": ', "}"),
        nested(500, '[{"a": ', "}]"),
        b'{"wide": [' + b"[], " * 1_000 + nested(100) + b"]}",
    ],
    ids=["65 lists", "990 lists", "200,000 lists", "990 objects", "both", "one of many"],
)
def test_deep_json_is_refused(data: bytes) -> None:
    """More levels than anything sealed has raise what a malformed text raises."""
    with pytest.raises(ValueError, match="64 levels"):
        parse_json(data)


@pytest.mark.parametrize(
    "data", [b'{"a": 1, "a": 2}', b'[{"a": {}, "a": {}}]', b"9" * 5_000, b"{", b"\xff", b""]
)
def test_other_json_that_is_refused(data: bytes) -> None:
    """A name that stands twice, a number of thousands of digits and no JSON raise the same."""
    with pytest.raises(ValueError, match=r"."):
        parse_json(data)
