"""As little HTTP/1.1 as measuring needs: a client must not take the processor from the server.

One request at a time on a connection that is kept, answers with a ``Content-Length`` or in chunks,
no TLS.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

__all__ = ["Address", "Answer", "Connections", "WireError", "get", "post"]

# Shorter than a server's usual five seconds, so that no request meets a connection being closed.
_KEPT_S = 2.0
_END_OF_HEAD = b"\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


class WireError(Exception):
    """The connection was refused or lost, or what came is not an answer that is understood."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; ``arrived_s`` is when its last byte was there, on ``time.perf_counter``."""

    status: int
    body: bytes
    arrived_s: float

    @property
    def ok(self) -> bool:
        """Whether the status is 200."""
        return self.status == HTTPStatus.OK


def get(path: str) -> bytes:
    """Give the bytes of a GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n".encode()


def post(path: str, content: object) -> bytes:
    """Give the bytes of a POST request of JSON."""
    body = json.dumps(content).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """One connection, on which one request at a time is under way."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None
        self.used_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every loop derives its transports from asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            self._answer_when_complete()
        except (IndexError, ValueError) as error:
            self._fail(f"not an answer with a length ({error})")

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(f"the connection was lost ({exc or 'closed by the server'})")

    @property
    def usable(self) -> bool:
        """Whether the server has it open still, as far as can be known."""
        return self._transport is not None and time.perf_counter() - self.used_s < _KEPT_S

    async def exchange(self, request: bytes) -> Answer:
        """Send a request and give its answer; raise ``WireError``."""
        if self._transport is None:
            message = "the connection is closed"
            raise WireError(message)
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.abort()

    def _answer_when_complete(self) -> None:
        head, end, rest = bytes(self._received).partition(_END_OF_HEAD)
        body = _body(head.lower(), rest) if end else None
        if body is None:
            return
        self._received.clear()
        self.used_s = time.perf_counter()
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(Answer(int(head.split(b" ", 2)[1]), body, self.used_s))

    def _fail(self, message: str) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(WireError(message))
        self.close()


def _body(head: bytes, rest: bytes) -> bytes | None:
    """Give the body, or None while some of it is to come."""
    if b"\r\ntransfer-encoding: chunked" in head:
        return _joined(rest) if rest.endswith(_LAST_CHUNK) else None
    length = int(head.split(b"\r\ncontent-length:", 1)[1].split(b"\r\n", 1)[0])
    return rest if len(rest) >= length else None


def _joined(chunks: bytes) -> bytes:
    body = b""
    while chunks:
        size, _, chunks = chunks.partition(b"\r\n")
        body += chunks[: int(size, 16)]
        chunks = chunks[int(size, 16) + 2 :]
    return body


@dataclass(slots=True)
class Connections:
    """As many connections to a server as there are requests at once."""

    address: Address
    _free: list[_Connection] = field(default_factory=list)

    async def send(self, request: bytes) -> Answer:
        """Send a request and give its answer; raise ``WireError``."""
        connection = await self._take()
        try:
            answer = await connection.exchange(request)
        except asyncio.CancelledError:
            connection.close()
            raise
        self._free.append(connection)
        return answer

    async def _take(self) -> _Connection:
        while self._free:
            connection = self._free.pop()
            if connection.usable:
                return connection
            connection.close()
        return await self._open()

    async def _open(self) -> _Connection:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, self.address.host, self.address.port
            )
        except OSError as error:
            message = f"{self.address.host}:{self.address.port} is not reachable ({error})"
            raise WireError(message) from None
        return connection

    def close(self) -> None:
        """Close those that no request is under way on."""
        while self._free:
            self._free.pop().close()
