"""Limits of a connection: how long a client may take to ask, and to read the answer.

uvicorn has a limit for idle connections alone, and none for those that have sent nothing yet or
never finish the head of a request. A body's limits are those of ``bodies``.
"""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, Any, ClassVar

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

__all__ = ["LimitedConnection"]

_MAX_HEAD_S = 10.0
"""Seconds from the connection, or from the last answer, to the end of a request's head."""

_MAX_ANSWER_S = 30.0
"""Seconds in which an answer must have been read, once it does not fit into the buffers."""

_MAX_UNUSED_BYTES = 32 * 1024
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


class _OverLimit(Exception):
    """A head, or the requests that wait, are over a limit, which the argument names."""


_MAX_CONNECTIONS = 4096


def _max_connections() -> int:
    """Return half of what the process may open, so that it never runs out."""
    may_open, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(_MAX_CONNECTIONS, may_open // 2)


def _limit(amount: int, maximum: int, reason: str) -> None:
    if amount > maximum:
        raise _OverLimit(reason)


class LimitedConnection(HttpToolsProtocol):
    """A connection that is cut where its client takes too long, or sends what cannot be used.

    Of more connections than the process may have, the one is cut that has kept us waiting the
    longest, for the rest of a request or until it reads its answer: many slow clients take the
    place of each other, and of nobody else.
    """

    on_cut: ClassVar[Callable[[str], None]] = staticmethod(lambda _: None)
    """Called with the reason of every cut."""

    max_head_s: ClassVar[float] = _MAX_HEAD_S
    max_answer_s: ClassVar[float] = _MAX_ANSWER_S
    max_connections: ClassVar[int] = _max_connections()

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (uvicorn's)
        """Start as uvicorn does."""
        super().__init__(*args, **options)
        # There are no websockets: a request to upgrade is answered like any other.
        self.ws_protocol_class = None
        self._timer: asyncio.TimerHandle | None = None
        self._waits_since: float | None = None
        self._unused_bytes = 0
        self._head_bytes = 0
        self._head_complete = False
        self._frames_body = False
        self._ignores_data = False
        self._running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first request."""
        super().connection_made(transport)
        self._await_request()
        if len(self.connections) > self.max_connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Parse what came, and stop waiting where it ends a head or a request."""
        self._unset_keepalive_if_required()
        cycle, body_bytes = self.cycle, self._body_bytes()
        if not self._ignores_data and not self._parsed(data):
            return
        used = self.cycle is not cycle or self._body_bytes() != body_bytes
        self._unused_bytes = 0 if used else self._unused_bytes + len(data)
        if self._unused_bytes > _MAX_UNUSED_BYTES:
            self._cut("unused bytes")
        elif not self.flow.write_paused:
            if self.cycle is not cycle:
                self._stop_timer()
            if self.cycle is not None and not self.cycle.more_body:
                self._waits_since = None

    def on_message_begin(self) -> None:
        """Begin a head, unless it is our own."""
        if not self._frames_body:
            super().on_message_begin()
            self._head_bytes = 0
            self._head_complete = False

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        if not self._frames_body:
            self._count_head(len(url))
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one that follows the body decides nothing, and is left out."""
        if not self._head_complete:
            super().on_header(name, value)
            self._count_head(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Begin to answer, or wait for the requests before this one."""
        if self._head_complete:
            return
        self._head_complete = True
        super().on_headers_complete()
        if self.pipeline:
            headers = sum(len([*cycle.scope["headers"]]) for cycle, _ in self.pipeline)
            _limit(len(self.pipeline), _MAX_PIPELINED, "pipelined requests")
            _limit(headers, _MAX_PIPELINED_HEADERS, "pipelined requests")

    def on_response_complete(self) -> None:
        """Await the next request, unless it is there."""
        super().on_response_complete()
        if self.cycle.response_complete and not self.flow.write_paused:
            self._await_request()

    def pause_writing(self) -> None:
        """Await that the client reads its answer."""
        super().pause_writing()
        self._waits_since = self.loop.time()
        self._start_timer(self.max_answer_s, "unread answer")

    def resume_writing(self) -> None:
        """Await the next request, where the answer was written whole."""
        super().resume_writing()
        self._stop_timer()
        self._waits_since = None
        if self.cycle.response_complete:
            self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more, and tell every request, of which uvicorn knows the last one."""
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)
        self._stop_timer()
        self.headers = self.scope = self._running = None  # type: ignore[assignment]

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _parsed(self, data: bytes) -> bool:
        """Parse, and return whether the connection goes on."""
        try:
            self._parse(data)
        except HttpParserError as error:
            if isinstance(error.__context__, _OverLimit):
                self._cut(str(error.__context__))
            else:
                # Not in a line of the log: anybody may send as many of them as they like.
                type(self).on_cut("invalid request")
                self.send_400_response("Invalid HTTP request received.")
            return False
        return True

    def _parse(self, data: bytes) -> None:
        """Parse, with the body of a request to upgrade, which is answered as if it had not asked.

        The parser would take such a body for the other protocol, and then for a request.
        """
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

    def _count_head(self, size_bytes: int) -> None:
        self._head_bytes += size_bytes
        _limit(self._head_bytes, _MAX_UNUSED_BYTES, "unused bytes")
        _limit(len(self.headers), _MAX_HEADERS, "too many headers")

    def _body_bytes(self) -> int:
        return 0 if self.cycle is None else len(self.cycle.body)

    def _await_request(self) -> None:
        self._waits_since = self.loop.time()
        self._start_timer(self.max_head_s, "unfinished head")

    def _start_timer(self, seconds: float, reason: str) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._cut, reason)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _make_room(self) -> None:
        # This one is among them, and goes where all others are being answered.
        waiting = [c for c in self.connections if isinstance(c, LimitedConnection)]
        oldest = min(waiting, key=LimitedConnection._order)
        oldest._cut("too many connections")  # noqa: SLF001 (of this class)

    def _order(self) -> float:
        return float("inf") if self._waits_since is None else self._waits_since

    def _cut(self, reason: str) -> None:
        self._stop_timer()
        # Not only once the loop gets to it: of two that come at once, each makes room.
        self.connections.discard(self)
        if not self.transport.is_closing():
            type(self).on_cut(reason)
        self.transport.abort()
