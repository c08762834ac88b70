"""A minimal HTTP/1.1 client: the less processor time it uses, the more the server has.

One request at a time on each connection, and connections are kept alive. Proxies are not used, and
redirections not followed.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser

__all__ = ["Answer", "Connections", "WireError"]

# Shorter than a server's usual five seconds, so that no request meets a connection being closed.
_KEEPALIVE_S = 2.0


class WireError(Exception):
    """The connection was refused or lost, no answer came in time, or it is not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; ``arrived_s`` is when its last byte arrived, on ``time.perf_counter``."""

    status: int
    body: bytes
    arrived_s: float

    @property
    def ok(self) -> bool:
        """Whether the status is 200."""
        return self.status == HTTPStatus.OK


class _Connection(asyncio.Protocol):
    """One connection, with at most one request under way."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = HttpResponseParser(self)
        self._body = bytearray()
        self._answer: asyncio.Future[Answer] | None = None
        self._used_s = 0.0

    @property
    def usable(self) -> bool:
        """Whether the server still has it open, as far as can be known."""
        return self._transport is not None and time.perf_counter() - self._used_s < _KEEPALIVE_S

    async def exchange(self, request: bytes) -> Answer:
        """Send a request and return its answer; raise ``WireError``."""
        if self._transport is None:
            message = "the connection is closed"
            raise WireError(message)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every loop derives its transports from asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(f"the connection was lost ({exc or 'closed by the server'})")

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(f"not an HTTP answer ({error})")

    def on_body(self, body: bytes) -> None:
        """Collect a part of the body, as the parser hands it over."""
        self._body += body

    def on_message_complete(self) -> None:
        """Resolve the answer when the parser has seen all of it."""
        self._used_s = time.perf_counter()
        if self._answer is not None and not self._answer.done():
            status, body = self._parser.get_status_code(), bytes(self._body)
            self._answer.set_result(Answer(status, body, self._used_s))
        self._body.clear()

    def _fail(self, message: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(WireError(message))
        self.close()


@dataclass(slots=True)
class Connections:
    """As many connections to the server at ``url`` as there are requests at once.

    A request that takes longer than ``timeout_s`` is given up.
    """

    url: str
    timeout_s: float | None = None
    _free: list[_Connection] = field(default_factory=list)

    def get(self, path: str) -> bytes:
        """Return the bytes of a GET request."""
        return self._head("GET", path) + b"\r\n"

    def post(self, path: str, content: object) -> bytes:
        """Return the bytes of a POST request of JSON."""
        body = json.dumps(content).encode()
        fields = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return self._head("POST", path) + fields.encode() + body

    def _head(self, method: str, path: str) -> bytes:
        url = urlsplit(self.url)
        line = f"{method} {url.path.rstrip('/')}{path} HTTP/1.1"
        return f"{line}\r\nHost: {url.netloc}\r\nAccept: */*\r\n".encode()

    async def send(self, request: bytes) -> Answer:
        """Send a request and return its answer; raise ``WireError``."""
        try:
            async with asyncio.timeout(self.timeout_s):
                connection = await self._take()
                try:
                    answer = await connection.exchange(request)
                except asyncio.CancelledError:
                    connection.close()
                    raise
        except TimeoutError:
            message = f"no answer within {self.timeout_s:g} s"
            raise WireError(message) from None
        self._free.append(connection)
        return answer

    async def _take(self) -> _Connection:
        while self._free:
            connection = self._free.pop()
            if connection.usable:
                return connection
            connection.close()
        url = urlsplit(self.url)
        tls = url.scheme == "https"
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, url.hostname or "", url.port or (443 if tls else 80), ssl=tls or None
            )
        except OSError as error:
            message = f"not reachable ({error})"
            raise WireError(message) from None
        return connection

    def close(self) -> None:
        """Close the connections that no request is under way on."""
        while self._free:
            self._free.pop().close()
