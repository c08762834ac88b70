"""What a connection carries: heads of bounded size, bodies, and the requests that wait their turn.

uvicorn bounds none of them, loses the body of a request that asks for an upgrade, takes trailers
for headers, and forgets who waits when the client leaves. It also reuses a connection whose client
may or may not send the body of a request that was answered without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from uvicorn._types import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        ASGISendEvent,
        Scope,
    )
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

__all__ = ["MAX_UNUSED_BYTES", "Messages", "OverLimit"]

MAX_UNUSED_BYTES = 32 * 1024
"""Bytes in a row that are neither the end of a head nor a body, which the parser keeps; and bytes
of a head."""

_MAX_HEADERS = 100
"""Headers of a request: the shortest ones take forty times as much memory as on the wire."""

_MAX_PIPELINED = 32
"""Requests that may wait for the answers to those before them."""

_MAX_PIPELINED_HEADERS = 500
"""Headers of the requests that wait, together."""

_FRAMING = {b"content-length", b"transfer-encoding"}
"""Headers that say where a body ends."""


class OverLimit(Exception):
    """A head, or the requests that wait, are over a limit, which the argument names."""


def _limit(amount: int, maximum: int, reason: str) -> None:
    if amount > maximum:
        raise OverLimit(reason)


def _closing_where_no_body_was_asked_for(
    app: ASGI3Application, cycle: RequestResponseCycle
) -> ASGI3Application:
    """Return an app that ends the connection with an answer that comes before ``100 Continue``.

    The client may then leave the body out, and what it sends next be taken for the body.
    """

    async def closing(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        async def answer(event: ASGISendEvent) -> None:
            if cycle.waiting_for_100_continue:
                cycle.keep_alive = False
            await send(event)

        await app(scope, receive, answer)

    return closing


class Messages(HttpToolsProtocol):
    """A connection whose requests are what their bytes say, however the network cuts them."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (uvicorn's)
        """Start as uvicorn does."""
        super().__init__(*args, **options)
        # There are no websockets: a request to upgrade is answered like any other.
        self.ws_protocol_class = None
        self._head_bytes = 0
        self._head_complete = False
        self._frames_body = False
        self._ignores_data = False
        self._running: RequestResponseCycle | None = None

    def parse(self, data: bytes) -> None:
        """Parse, with the body of a request to upgrade, which is answered as if it had not asked.

        The parser would take such a body for the other protocol, and then for a request. Raises
        ``OverLimit``, and ``HttpParserError`` for what is not HTTP.
        """
        try:
            self._parse_all(b"" if self._ignores_data else data)
        except HttpParserError as error:
            if isinstance(error.__context__, OverLimit):
                raise error.__context__ from None
            raise

    def on_message_begin(self) -> None:
        """Begin a head, unless it is our own."""
        if not self._frames_body:
            super().on_message_begin()
            self._head_bytes = 0
            self._head_complete = False

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        if not self._frames_body:
            super().on_url(url)
            self._head_bytes += len(url)
            _limit(self._head_bytes, MAX_UNUSED_BYTES, "unused bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one that follows the body decides nothing, and is left out."""
        if self._head_complete:
            return
        HttpToolsProtocol.on_header(self, name, value)
        self._head_bytes += len(name) + len(value)
        # Every request comes here ten times or more.
        if self._head_bytes > MAX_UNUSED_BYTES or len(self.headers) > _MAX_HEADERS:
            _limit(self._head_bytes, MAX_UNUSED_BYTES, "unused bytes")
            _limit(len(self.headers), _MAX_HEADERS, "too many headers")

    def on_headers_complete(self) -> None:
        """Begin to answer, or wait for the requests before this one."""
        if self._head_complete:
            return
        self._head_complete = True
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False
        super().on_headers_complete()
        if self.pipeline:
            headers = sum(len(list(cycle.scope["headers"])) for cycle, _ in self.pipeline)
            _limit(len(self.pipeline), _MAX_PIPELINED, "pipelined requests")
            _limit(headers, _MAX_PIPELINED_HEADERS, "pipelined requests")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request, of which uvicorn knows the last one alone."""
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        if cycle.waiting_for_100_continue:
            app = _closing_where_no_body_was_asked_for(app, cycle)
        super()._start_asgi_task(cycle, app)

    def _parse_all(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
            else:
                return
            if self.scope["method"] == "CONNECT":
                # What follows would be for another host: there is no next request.
                self.cycle.keep_alive = False
                self._ignores_data = True
                return
            self._await_body()

    def _await_body(self) -> None:
        """Have a parser that is where the body of this request begins."""
        framing = [b"%s: %s\r\n" % header for header in self.headers if header[0] in _FRAMING]
        if not framing:
            return
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.cycle.more_body = True
        self._frames_body = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(framing) + b"\r\n")
        self._frames_body = False
