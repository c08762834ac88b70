"""Refuses to start processes, to open connections and to ask questions, for good.

This is defence in depth: it covers what Python code asks for, libraries' included, and not what
compiled code does by itself.
"""

from __future__ import annotations

import _posixsubprocess
import sys

__all__ = ["REFUSED_EVENTS", "refuse_side_effects"]

REFUSED_EVENTS = frozenset(
    {
        "builtins.input",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.startfile/2",
        "os.system",
        "pty.spawn",
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.sendto",
        "subprocess.Popen",
    }
)
"""Audit events of the standard library (docs.python.org, "Audit events table")."""


def refuse_side_effects() -> None:
    """Make this process raise ``PermissionError`` wherever Python code would cause such an event.

    A hook cannot be removed. Libraries take the error for the system's own, and many go on.
    """
    sys.addaudithook(_refuse)
    # multiprocessing and joblib's loky call it without an event.
    _posixsubprocess.fork_exec = _no_process


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event in REFUSED_EVENTS:
        message = f"{event} is refused while a bundle is judged"
        raise PermissionError(message)


def _no_process(*_: object) -> int:
    message = "no process is started while a bundle is judged"
    raise PermissionError(message)
