"""Stop signals: drain first, and then do what the server would have done at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import TYPE_CHECKING

from service.lifecycle.listening import refuse_connections

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

    Handler = Callable[[int, FrameType | None], object]

__all__ = ["drain_before_stopping"]

_logger = logging.getLogger("bentoml.understudy")

_UNAVAILABLE_S = 0.5
"""Seconds that requests on open connections are still answered as unavailable."""


def drain_before_stopping(drain: Callable[[], Awaitable[None]]) -> None:
    """Put ``drain`` before the handlers of SIGTERM and SIGINT; called on the event loop.

    The server's own stop begins with accepting no connections, and clients would wait for the
    whole drain.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        stop = signal.getsignal(number)
        # Signal handlers can be set in the main thread only; elsewhere they belong to the caller.
        with contextlib.suppress(ValueError):
            if callable(stop):
                signal.signal(number, _after(drain, stop))


def _after(drain: Callable[[], Awaitable[None]], stop: Handler) -> Handler:
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def drain_and_stop(number: int, frame: FrameType | None) -> None:
        try:
            await drain()
        except Exception:
            _logger.exception("the service could not be drained")
        await refuse_connections()
        await asyncio.sleep(_UNAVAILABLE_S)
        stop(number, frame)

    def begin(number: int, frame: FrameType | None) -> None:
        tasks.add(loop.create_task(drain_and_stop(number, frame)))

    def handler(number: int, frame: FrameType | None) -> None:
        # A handler may run inside any code of the main thread, where the loop cannot be used.
        loop.call_soon_threadsafe(begin, number, frame)

    return handler
