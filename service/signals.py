"""Stop signals: drain first, and only then do what the server would have done at once."""

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

_TURN_AWAY_S = 0.5
"""How long requests on connections that are open already are still answered as unavailable."""

_MOST_ROUNDS = 1000
"""Rounds of the event loop to wait for a quiet moment; somebody may connect all the time."""


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
        except Exception:
            _logger.exception("the service could not be drained")
        await _refuse_connections()
        await asyncio.sleep(_TURN_AWAY_S)
        stop(number, frame)

    def begin(number: int, frame: FrameType | None) -> None:
        tasks.add(loop.create_task(drain_and_stop(number, frame)))

    def handler(number: int, frame: FrameType | None) -> None:
        # Between two bytecodes of whatever runs is no place to touch the loop.
        loop.call_soon_threadsafe(begin, number, frame)

    return handler


async def _refuse_connections() -> None:
    """Make new connections fail at once, for every process that shares a listening socket.

    The supervisor holds it too, and would go on accepting for nobody until it has noticed that
    this process is gone. A worker that starts in our place listens on it again.
    """
    loop = asyncio.get_running_loop()
    for descriptor in _listening():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as opened:
            await _shut_when_nobody_waits(opened)
            loop.remove_reader(descriptor)


def _listening() -> list[int]:
    """Give the descriptors of this process on which connections are accepted."""
    with contextlib.suppress(FileNotFoundError):  # the system does not tell
        return [int(fd.name) for fd in Path("/proc/self/fd").iterdir() if _listens(int(fd.name))]
    return []


def _listens(descriptor: int) -> bool:
    with contextlib.suppress(OSError):  # closed meanwhile: the listing itself was open
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            with socket.socket(fileno=os.dup(descriptor)) as opened:
                return bool(opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    return False


async def _shut_when_nobody_waits(listening: socket.socket) -> None:
    """Let the server accept who has connected already: they would be reset.

    So would who connects between the look and the shutdown, hence nothing stands between the two.
    """
    poll = select.poll()
    poll.register(listening, select.POLLIN)
    for _ in range(_MOST_ROUNDS):
        if not poll.poll(0):
            break
        await asyncio.sleep(0)
    listening.shutdown(socket.SHUT_RDWR)
