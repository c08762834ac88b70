"""Draw whole requests: the bytes of a connection, and what may be answered to them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from load_tests.fuzz.chance import happens
from load_tests.fuzz.request.bodies import drawn_body, good_body
from load_tests.fuzz.request.headers import drawn_credentials, drawn_headers, framed, well_framed
from load_tests.fuzz.request.lines import drawn_line

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DrawnRequest", "draw_request"]

_MAX_SHOWN = 400
_ASPECTS = ("line", "line", "headers", "frame", "body", "body")
_GOOD_LINES = (
    *(b"POST /v1/classify HTTP/1.1", b"POST /classify HTTP/1.1", b"POST /v1/feedback HTTP/1.1"),
    *(b"GET /v1/status HTTP/1.1", b"GET /v1/openapi.json HTTP/1.1", b"GET /metrics HTTP/1.1"),
)


@dataclass(frozen=True, slots=True)
class DrawnRequest:
    """What is sent on one connection.

    ``key`` names the valid key among its headers, ``none`` where there is none. A server that has
    a ``complete`` request must answer it or close. ``pieces`` are sent one after the other.
    """

    number: int
    key: str
    pieces: tuple[bytes, ...]
    complete: bool

    @property
    def shown(self) -> str:
        """The beginning of what is sent, in ASCII."""
        data = b"".join(self.pieces)
        return f"{data[:_MAX_SHOWN]!r}{f' and {len(data)} bytes' if len(data) > _MAX_SHOWN else ''}"


def draw_request(seed: int, number: int, keys: Mapping[str, str]) -> DrawnRequest:
    """Draw a request; the same seed, number and keys give the same."""
    rng = Random(f"{seed}:{number}")  # noqa: S311 (it must give the same again)
    key, credentials = drawn_credentials(rng, keys)
    one, complete = _message(rng, credentials)
    if happens(rng, 0.1):
        # A second request on the same connection has no key, whatever the first one had.
        other, _ = _message(rng, [])
        one += other
        complete = False
    if happens(rng, 0.05):
        one, complete = one[: rng.randrange(len(one))], False
    elif happens(rng, 0.03):
        one, complete = rng.randbytes(rng.choice((1, 50, 5000))), False
    return DrawnRequest(number, key, tuple(_pieces(rng, one)), complete)


def _message(rng: Random, credentials: list[bytes]) -> tuple[bytes, bool]:
    """Draw a message of which one or two aspects are hostile: each may hide behind the others."""
    hostile = rng.choices(_ASPECTS, k=2)
    line = drawn_line(rng) if "line" in hostile else rng.choice(_GOOD_LINES)
    content_type, body = drawn_body(rng) if "body" in hostile else ("application/json", good_body())
    frame = framed(rng, body) if "frame" in hostile else well_framed(body)
    named = [b"Content-Type: " + content_type.encode()] if content_type else []
    usual = [b"Host: 127.0.0.1", *named, *credentials, *frame.lines]
    others = drawn_headers(rng) if "headers" in hostile else []
    headers = [*others, *usual] if happens(rng, 0.5) else [*usual, *others]
    if happens(rng, 0.8):
        headers.append(b"Connection: close")
    end = rng.choice((b"\n", b"\r")) if happens(rng, 0.02) else b"\r\n"
    complete = frame.complete and end == b"\r\n"
    return end.join([line, *headers, b"", b""]) + frame.sent, complete


def _pieces(rng: Random, data: bytes) -> list[bytes]:
    if happens(rng, 0.8) or not data:
        return [data]
    cuts = sorted(rng.randrange(len(data)) for _ in range(rng.choice((1, 2, 5))))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
