"""The process that challengers are forked from: ``python -m service.shadow.local.forking``.

Standard input is a socket. Each message on it has three descriptors: the input and the output of a
new process, and a socket for the reply, which is its id.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import sys
from contextlib import suppress

from service.diagnostics import make_diagnostics_printable
from service.importing import uncollected
from service.shadow.local.main import answer_requests

__all__ = ["main"]

_LIBRARIES = ("artifacts.bundle.opening", "service.engines.choosing", "service.shadow.local.worker")


def main() -> None:
    """Import the libraries, and fork a process for each message until the socket is closed."""
    # A stop signals every process of the service at once. These end when their input does, so that
    # they can still answer what they have received.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nobody waits for the processes; the system then forgets them when they end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    make_diagnostics_printable()
    with uncollected():
        for name in _LIBRARIES:
            importlib.import_module(name)
    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as control:
        _leave_standard_input()
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, 1, 3)
            if not message:
                return
            requests, answers, reply = descriptors
            with socket.socket(fileno=reply) as replying:
                if pid := os.fork():
                    os.close(requests)
                    os.close(answers)
                    _tell(replying, pid)
                    continue
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            answer_requests(os.fdopen(requests, "rb"), os.fdopen(answers, "wb"))
            return


def _leave_standard_input() -> None:
    """Let standard input be empty, for this process and those that are forked from it."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)


def _tell(reply: socket.socket, pid: int) -> None:
    # It waits for its input: until whoever asked for it has the reply, or is gone, it is there.
    with suppress(OSError):
        process = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
        socket.send_fds(reply, [str(pid).encode()], process)
        for descriptor in process:
            os.close(descriptor)


if __name__ == "__main__":
    main()
