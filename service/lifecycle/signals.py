"""Stop signals: drain first, and then do what the server would have done at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import select
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

_UNAVAILABLE_S = 0.5
"""Seconds that requests on open connections are still answered as unavailable."""

_MAX_ROUNDS = 1000
"""Rounds of the event loop to wait for a moment in which nobody connects."""


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
        await _refuse_connections()
        await asyncio.sleep(_UNAVAILABLE_S)
        stop(number, frame)

    def begin(number: int, frame: FrameType | None) -> None:
        tasks.add(loop.create_task(drain_and_stop(number, frame)))

    def handler(number: int, frame: FrameType | None) -> None:
        # A handler may run inside any code of the main thread, where the loop cannot be used.
        loop.call_soon_threadsafe(begin, number, frame)

    return handler


async def _refuse_connections() -> None:
    """Make new connections fail at once, for every process that shares a listening socket.

    The supervisor has it open too: the system would accept connections that no process serves
    until the supervisor notices that this one has ended. A new worker listens on it again.
    """
    loop = asyncio.get_running_loop()
    for descriptor in _listening():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as listening:
            await _shut_down_when_idle(listening)
            loop.remove_reader(descriptor)


def _listening() -> list[int]:
    """Return the descriptors of this process on which connections are accepted."""
    with contextlib.suppress(FileNotFoundError):  # the system has no /proc
        return [int(fd.name) for fd in Path("/proc/self/fd").iterdir() if _listens(int(fd.name))]
    return []


def _listens(descriptor: int) -> bool:
    with contextlib.suppress(OSError):  # closed meanwhile, as the listing of the folder is
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            with socket.socket(fileno=os.dup(descriptor)) as opened:
                return bool(opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    return False


async def _shut_down_when_idle(listening: socket.socket) -> None:
    """Shut a socket down once the server has accepted every waiting connection.

    A connection that still waits would be reset, so nothing is awaited between the last poll and
    the shutdown.
    """
    poll = select.poll()
    poll.register(listening, select.POLLIN)
    for _ in range(_MAX_ROUNDS):
        if not poll.poll(0):
            break
        await asyncio.sleep(0)
    listening.shutdown(socket.SHUT_RDWR)
