"""Draw the headers of a request, its credentials, and how the end of its body is told."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

from load_tests.fuzz.chance import happens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

__all__ = ["Framed", "drawn_credentials", "drawn_headers", "framed", "well_framed"]

_WEBSOCKET = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
)
_OTHERS = (
    b"X-Long: " + b"x" * 70_000, b"X-Nul: a\x00b", b"X-Bytes: \xff\xfe\x80", b"X Space: 1",
    b" folded: 1", b"X-Folded: a\r\n b", b": no name", b"no colon", b"X-CR: a\rb", b"X-LF: a\nb",
    b"Expect: 100-continue", b"Expect: 200-maybe", _WEBSOCKET,
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings",
    b"Understudy-Deadline-Ms: 1", b"Understudy-Deadline-Ms: -1", b"Understudy-Deadline-Ms: 1e400",
    b"Understudy-Deadline-Ms: " + b"9" * 5000, b"Understudy-Deadline-Ms: NaN",
    b"Understudy-Shadow: a/b", b"Understudy-Shadow: \x1b[2J/\xe2\x80\xa8", b"Understudy-Shadow: ",
    b"X-Request-Id: a-17", b"X-Request-Id: \x1b[2J\xc2\x85", b"X-Request-Id: " + b"x" * 4000,
    b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", b"traceparent: x",
    b"tracestate: " + b"a=b," * 5000, b"baggage: \xff", b"X-BentoML-Request-Id: ../x",
    b"Content-Encoding: gzip", b"Content-Encoding: deflate, gzip, br", b"Accept-Encoding: *",
    b"X-Forwarded-For: 127.0.0.1", b"X-Forwarded-Prefix: /livez", b"X-Original-URL: /livez",
    b"X-HTTP-Method-Override: GET", b"Range: bytes=0-1,2-3", b"If-None-Match: *", b"Cookie: a=b",
    b'Forwarded: for="[::1]"', b"Origin: null", b"Access-Control-Request-Method: POST",
    b"Accept: text/html", b"Payload-Container: File", b"Args-Documents: x", b"Prefer: wait=1",
    b"Connection: keep-alive, Authorization", b"Trailer: Authorization", b"TE: trailers",
    b"Host: 127.0.0.1", b"Host: evil-shadow", b"Host: a\xff", b"Proxy-Connection: keep-alive",
)  # fmt: skip

_Framing = tuple[tuple[bytes, ...], bytes]


class Framed(NamedTuple):
    """The lines that tell where a body ends, the bytes to send, and whether they are all of it.

    A server must take a body that is ``complete`` for the whole.
    """

    lines: tuple[bytes, ...]
    sent: bytes
    complete: bool


def drawn_headers(rng: Random) -> list[bytes]:
    """Return some header lines that are unusual, wrong or misleading."""
    if happens(rng, 0.02):
        return [f"X-{index}: {index}".encode() for index in range(rng.choice((101, 5000)))]
    count = rng.choice((1, 1, 2, 4))
    return [rng.choice(_OTHERS) for _ in range(count)]


def drawn_credentials(rng: Random, keys: Mapping[str, str]) -> tuple[str, list[bytes]]:
    """Return the name of the key that is valid, or ``none``, and the lines to send."""
    name = rng.choice(("none", "none", "none", "wrong", "twice", *keys, "everything"))
    if name in keys:
        return name, [b"Authorization: Bearer " + keys[name].encode()]
    right = keys["everything"].encode()
    if name == "twice":
        pair = [
            b"Authorization: Bearer " + right,
            b"authorization: Bearer " + rng.choice((right, b"x")),
        ]
        return "none", rng.sample(pair, 2)
    wrong = (
        [b"Authorization: Bearer "], [b"Authorization: Bearer x"], [b"Authorization: " + right],
        [b"Authorization: Basic " + base64.b64encode(b"a:" + right)], [b"Authorization:"],
        [b"Authorization: Bearer " + right[:-1]], [b"Authorization: Bearer " + right + b"x"],
        [b"Authorization: Bearer " + right + b", Bearer x"], [b"Authorization: Bearer \xff\xfe"],
        [b"Authorization: Bearer " + b"x" * 60_000], [b"X-Authorization: Bearer " + right],
        [b"Proxy-Authorization: Bearer " + right], [b"Cookie: Authorization=Bearer " + right],
        [b"Authorization\x00: Bearer " + right], [b"Authorization : Bearer " + right],
    )  # fmt: skip
    return "none", rng.choice(wrong) if name == "wrong" else []


def well_framed(body: bytes) -> Framed:
    """Return a body with its length."""
    return Framed((f"Content-Length: {len(body)}".encode(),), body, complete=True)


def framed(rng: Random, body: bytes) -> Framed:
    """Return how the end of a body is told: in chunks, or in a way that is wrong."""
    right = f"Content-Length: {len(body)}".encode()
    if happens(rng, 0.3):
        return Framed((b"Transfer-Encoding: chunked",), _chunked(rng, body), complete=True)
    smuggled = b"POST /classify HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    zero = b"0\r\n\r\n"
    wrong: tuple[_Framing, ...] = (
        ((f"Content-Length: {len(body) + 50}".encode(),), body),
        ((f"Content-Length: {max(len(body) - 5, 0)}".encode(),), body),
        ((right, right), body),
        ((right, b"Content-Length: 3"), body),
        ((right + b", 3",), body),
        ((b"Content-Length: +5",), body),
        ((b"Content-Length: -1",), body),
        ((b"Content-Length: 0x10",), body),
        ((b"Content-Length: " + b"9" * 40,), body),
        ((b"Content-Length: 5 5",), body),
        ((b"Content-Length:",), body),
        ((right, b"Transfer-Encoding: chunked"), zero + smuggled),
        ((b"Transfer-Encoding: chunked", b"Content-Length: 4"), zero + smuggled),
        ((b"Transfer-Encoding: xchunked", right), body),
        ((b"Transfer-Encoding: chunked, identity",), _chunked(rng, body)),
        ((b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked"), _chunked(rng, body)),
        ((b"Transfer-Encoding:\x0bchunked",), _chunked(rng, body)),
        ((b"Transfer-Encoding: gzip, chunked",), _chunked(rng, body)),
        ((b"Transfer-Encoding: chunked",), b"ffffffffffffffffff\r\n" + body),
        ((b"Transfer-Encoding: chunked",), b"-5\r\n" + body + b"\r\n" + zero),
        ((b"Transfer-Encoding: chunked",), b"5;" + b"x" * 70_000 + b"\r\n" + body),
        ((b"Transfer-Encoding: chunked",), _chunked(rng, body)[:-7]),
        ((b"Transfer-Encoding: chunked",), b"zz\r\n" + body),
        ((), body),
    )
    lines, sent = rng.choice(wrong)
    return Framed(lines, sent, complete=False)


def _chunked(rng: Random, body: bytes) -> bytes:
    size = max(1, min(rng.choice((1, 7, 1000, 70_000)), len(body)), len(body) // 500)
    extension = rng.choice((b"", b"", b";x=y", b';x="\x1b"'))
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    trailer = rng.choice((b"", b"", b"X-Trailer: 1\r\n", b"Authorization: Bearer x\r\n"))
    return chunks + b"0\r\n" + trailer + b"\r\n"
