"""Bodies are read within their limit, and as JSON and nothing else."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest
from starlette.requests import Request

from service.errors import Malformed, TooLarge
from service.http.bodies import read_json

if TYPE_CHECKING:
    from starlette.types import Message
CANARY = "canary-7391"


class Wire:
    """A request whose chunks are counted as they are read."""

    def __init__(self, *chunks: bytes, announced: object = None) -> None:
        self.chunks = list(chunks)
        self.read = 0
        self.headers = [] if announced is None else [(b"content-length", str(announced).encode())]

    async def receive(self) -> Message:
        """Return the next chunk."""
        chunk = self.chunks[self.read]
        self.read += 1
        return {"type": "http.request", "body": chunk, "more_body": self.read < len(self.chunks)}

    def json(self, max_bytes: int = 1000) -> object:
        """Read the body."""
        request = Request({"type": "http", "headers": self.headers}, self.receive)
        return asyncio.run(read_json(request, max_bytes))


def test_a_body_is_parsed_however_it_is_cut() -> None:
    """Chunks are joined before they are read as JSON."""
    assert Wire(b'{"text": "n\xc3', b'\xa9"', b"}").json() == {"text": "né"}


def test_a_body_that_announces_too_much_is_refused_unread() -> None:
    """Nothing of it is received at all."""
    wire = Wire(b"x" * 2000, announced=2000)
    with pytest.raises(TooLarge, match="larger than 1000 bytes"):
        wire.json()
    assert wire.read == 0


def test_a_body_that_grows_too_large_is_cut_off() -> None:
    """Without a length, or with a false one, reading stops at the limit."""
    for announced in (None, 10):
        wire = Wire(*[b"x" * 400] * 50, announced=announced)
        with pytest.raises(TooLarge):
            wire.json()
        assert wire.read == 3


def test_a_body_at_the_limit_is_read() -> None:
    """The limit itself is allowed."""
    body = b'"' + b"x" * 998 + b'"'
    assert Wire(body, announced=len(body)).json() == "x" * 998


@pytest.mark.parametrize("announced", ["-1", "many", "1e9", "9" * 5000])
def test_a_strange_length_is_no_error_of_ours(announced: str) -> None:
    """It is ignored or over the limit, never a failure."""
    wire = Wire(b"{}", announced=announced)
    if announced.isdecimal():
        with pytest.raises(TooLarge):
            wire.json()
    else:
        assert wire.json() == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1} x',
        b"\xff\xfe\xff",
        b'{"a": "\xff"}',
        b"[" * 500,
        CANARY.encode(),
        b'{"' + CANARY.encode(),
    ],
)
def test_what_is_not_json_is_malformed_and_not_quoted(body: bytes) -> None:
    """NaN and Infinity are not JSON; the message never holds a piece of the body."""
    with pytest.raises(Malformed) as caught:
        Wire(body).json()
    assert str(caught.value) == "the body is not JSON"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("number", "read"),
    [
        (b"9" * 900_000, math.inf),
        (b"-" + b"9" * 5000, -math.inf),
        (b"9" * 4000, int("9" * 4000)),
        (b"1e400", math.inf),
        (b"-1e-400", 0.0),
        (b"12", 12),
    ],
)
def test_a_number_of_any_length_is_json(number: bytes, read: float) -> None:
    """Those beyond every double are infinite, whichever way they are written."""
    body = b'{"a": ' + number + b"}"
    assert Wire(body).json(max_bytes=1_000_000) == {"a": read}


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 1}',
        b'{"b": [{"CANARY": 1, "a": 2, "CANARY": 3}]}',
        b'{"a": 1, "\\u0061": 2}',
    ],
)
def test_a_key_that_is_named_twice_is_malformed(body: bytes) -> None:
    """Readers do not agree about which value counts, so it is refused; no key is quoted."""
    with pytest.raises(Malformed) as caught:
        Wire(body).json()
    assert str(caught.value) == "an object in the body names a key twice"


def test_a_key_may_come_again_in_another_object() -> None:
    """Each object has keys of its own."""
    assert Wire(b'[{"a": {"a": 1}}, {"a": 2}]').json() == [{"a": {"a": 1}}, {"a": 2}]


def test_endless_nesting_is_malformed() -> None:
    """It does not take the worker's stack with it."""
    with pytest.raises(Malformed):
        Wire(b"[" * 500_000 + b"]" * 500_000).json(max_bytes=2_000_000)
