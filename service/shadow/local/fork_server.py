"""Starts processes by forking one that has imported the libraries already.

Importing torch and its like takes seconds of processor time, which a challenger that is started
again and again would take from the champion. A fork has them at once, and shares their memory.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass

from service.child_environment import child_command, child_environment

__all__ = ["ForkServer", "Forked"]

_MODULE = "service.shadow.local.forking"
_STDERR = 2
_MAX_REPLY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Forked:
    """A forked process: its id, and descriptors that belong to whoever asked for it.

    ``requests`` is where its input is written and ``answers`` where its output is read.
    ``process`` refers to the process even when another one has its id, and becomes readable when it
    ends; it is None where the system has no such descriptors.
    """

    pid: int
    requests: int
    answers: int
    process: int | None

    def kill(self) -> None:
        """Kill the process, if it has not ended."""
        with suppress(ProcessLookupError):
            if self.process is None:
                os.kill(self.pid, signal.SIGKILL)
            else:
                signal.pidfd_send_signal(self.process, signal.SIGKILL)


class ForkServer:
    """The process that is forked; it starts with the first fork, and again if it has ended.

    It is in the session of this process: the kernel divides processor time among sessions first,
    and only within a session does the idle class yield.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    async def fork(self) -> Forked:
        """Return a new process, after the imports; raises ``OSError`` where there is none.

        It runs ``main.answer_requests`` on its two pipes.
        """
        requests, to_requests = os.pipe()
        from_answers, answers = os.pipe()
        ours, theirs = socket.socketpair()
        forked = None
        try:
            try:
                socket.send_fds(self._running(), [b"f"], [requests, answers, theirs.fileno()])
            finally:
                os.close(requests)
                os.close(answers)
                theirs.close()
            pid, process = await _reply(ours)
            forked = Forked(pid, to_requests, from_answers, process)
            return forked
        finally:
            # Where nobody takes the reply, or the input ends at once, a process ends by itself.
            ours.close()
            if forked is None:
                os.close(to_requests)
                os.close(from_answers)

    def close(self) -> None:
        """End the process; those that were forked from it go on."""
        if self._process is not None and self._control is not None:
            self._control.close()
            self._process.kill()
            self._process.wait()
            self._process = self._control = None

    def _running(self) -> socket.socket:
        """Return the socket to the process, which is started where there is none."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._control is None:
            ours, theirs = socket.socketpair()
            try:
                self._process = subprocess.Popen(  # noqa: S603 (our own module)
                    child_command(_MODULE),
                    env=child_environment(),
                    stdin=theirs.fileno(),
                    stdout=_STDERR,  # standard output has events alone
                )
            except OSError:
                ours.close()
                raise
            finally:
                theirs.close()
            self._control = ours
        return self._control


async def _reply(reply: socket.socket) -> tuple[int, int | None]:
    """Return the id of a new process and a descriptor of it; ``OSError`` where there is none."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(reply, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(reply)
    data, descriptors, _, _ = socket.recv_fds(reply, _MAX_REPLY_BYTES, 1)
    if not data:
        message = "the process that is forked has ended"
        raise OSError(message)
    return int(data), descriptors[0] if descriptors else None
