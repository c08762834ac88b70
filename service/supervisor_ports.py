"""The supervisor listens on the service's port alone.

BentoML's supervisor is circus, which takes commands and publishes events on two ports of the
loopback interface. Neither asks who connects, so that every user of the machine could read the
worker's environment and run commands as the service's user. Nothing here uses them.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import sys
from typing import TYPE_CHECKING, Any

import psutil

from service.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["close_control_ports", "unexpected_ports"]

_CLOSED = {
    # An endpoint inside the process: no other process can connect to it.
    "endpoint": "inproc://control",
    "pubsub_endpoint": "inproc://events",
    "multicast_endpoint": None,
    "statsd": False,
    "stats_endpoint": None,
    "httpd": False,
}


def close_control_ports() -> None:
    """Make supervisors that are created from now on take commands of their own process alone.

    One that is to run plugins, which are processes that send it commands, ends the process with
    exit code 2: ``bentoml serve --reload`` is the only call that asks for one.
    """
    from circus.arbiter import Arbiter  # noqa: PLC0415 (the worker does not need it)

    initialise = Arbiter.__init__

    @functools.wraps(initialise)
    def without_ports(arbiter: object, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (circus's)
        if kwargs.get("plugins"):
            sys.stderr.write(
                "understudy: --reload needs a control port, which the service does not open; "
                "stop and start it instead\n"
            )
            sys.exit(ExitCode.WRONG_CALL)
        with _without_name_service():
            initialise(arbiter, *args, **{**kwargs, **_CLOSED})

    Arbiter.__init__ = without_ports


@contextlib.contextmanager
def _without_name_service() -> Iterator[None]:
    """Keep circus from asking the network for this machine's full name, to sign its events."""
    full_name = socket.getfqdn
    socket.getfqdn = lambda name="": name or socket.gethostname()
    try:
        yield
    finally:
        socket.getfqdn = full_name


def unexpected_ports() -> list[str]:
    """Return the TCP addresses, as ``HOST:PORT``, on which this process's parent listens alone.

    A worker shares the service's port with the supervisor. Any other port of it would be one that
    ``close_control_ports`` does not know.
    """
    return sorted(_listening(os.getppid()) - _listening(os.getpid()))


def _listening(pid: int) -> set[str]:
    return {
        f"{connection.laddr.ip}:{connection.laddr.port}"
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
