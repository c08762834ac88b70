"""Stop signals: drain first, and only then do what the server would have done at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

    Handler = Callable[[int, FrameType | None], object]

__all__ = ["drain_before_stopping"]

_logger = logging.getLogger("bentoml.understudy")

_TURN_AWAY_S = 0.5
"""How long requests are still answered as unavailable, so that clients let go of connections."""


def drain_before_stopping(drain: Callable[[], Awaitable[None]]) -> None:
    """Put ``drain`` before the handlers of SIGTERM and SIGINT; called on the event loop.

    A server that stops by itself first stops accepting, and clients would hang meanwhile.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        stop = signal.getsignal(number)
        # Elsewhere than in the main thread the signals are somebody else's.
        with contextlib.suppress(ValueError):
            if callable(stop):
                signal.signal(number, _after(drain, stop))


def _after(drain: Callable[[], Awaitable[None]], stop: Handler) -> Handler:
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def drain_and_stop(number: int, frame: FrameType | None) -> None:
        try:
            await drain()
            await asyncio.sleep(_TURN_AWAY_S)
        except Exception:
            _logger.exception("the service could not be drained")
        _refuse_connections(loop)
        stop(number, frame)

    def begin(number: int, frame: FrameType | None) -> None:
        tasks.add(loop.create_task(drain_and_stop(number, frame)))

    def handler(number: int, frame: FrameType | None) -> None:
        # Between two bytecodes of whatever runs is no place to touch the loop.
        loop.call_soon_threadsafe(begin, number, frame)

    return handler


def _refuse_connections(loop: asyncio.AbstractEventLoop) -> None:
    """Make new connections fail at once, for every process that shares the listening socket.

    The supervisor holds it too, and would go on accepting for nobody until it has noticed that
    this process is gone. A worker that starts in our place listens on it again.
    """
    with contextlib.suppress(OSError):
        for entry in Path("/proc/self/fd").iterdir():
            descriptor = int(entry.name)
            with contextlib.suppress(OSError):
                if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                    _shut_if_listening(descriptor, loop)


def _shut_if_listening(descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as opened:
        if opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            loop.remove_reader(descriptor)
            opened.shutdown(socket.SHUT_RDWR)
