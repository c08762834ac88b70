"""Listening sockets: they refuse connections before the process that serves them ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import stat
from pathlib import Path

__all__ = ["refuse_connections"]

_MAX_ROUNDS = 1000
"""Rounds of the event loop to wait for a moment in which nobody connects."""


async def refuse_connections() -> None:
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
