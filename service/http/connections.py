"""Limits of a connection: how long a client may take to ask, and to read the answer.

uvicorn has a limit for idle connections alone, and none for those that have sent nothing yet or
never finish the head of a request. A body's limits are those of ``bodies``.
"""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, Any, ClassVar

from httptools import HttpParserError

from service.http.messages import MAX_UNUSED_BYTES, Messages, OverLimit

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["LimitedConnection"]

_MAX_HEAD_S = 10.0
"""Seconds from the connection, or from the last answer, to the end of a request's head."""

_MAX_ANSWER_S = 30.0
"""Seconds in which an answer must have been read, once it does not fit into the buffers."""

_MAX_CONNECTIONS = 4096


def _max_connections() -> int:
    """Return half of what the process may open, so that it never runs out."""
    may_open, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(_MAX_CONNECTIONS, may_open // 2)


class LimitedConnection(Messages):
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
        self._timer: asyncio.TimerHandle | None = None
        self._waits_since: float | None = None
        self._unused_bytes = 0

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
        try:
            self.parse(data)
        except OverLimit as limit:
            self._cut(str(limit))
            return
        except HttpParserError:
            # Not in a line of the log: anybody may send as many of them as they like.
            type(self).on_cut("invalid request")
            self.send_400_response("Invalid HTTP request received.")
            return
        used = self.cycle is not cycle or self._body_bytes() != body_bytes
        self._unused_bytes = 0 if used else self._unused_bytes + len(data)
        if self._unused_bytes > MAX_UNUSED_BYTES:
            self._cut("unused bytes")
        elif not self.flow.write_paused:
            if self.cycle is not cycle:
                self._stop_timer()
            if self.cycle is not None and not self.cycle.more_body:
                self._waits_since = None

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
        """Wait for nothing more."""
        super().connection_lost(exc)
        self._stop_timer()
        # uvicorn's own timer would keep a connection that its client has reset.
        self._unset_keepalive_if_required()

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
        type(self).on_cut(reason)
        self.transport.abort()
