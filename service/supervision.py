"""What BentoML's supervisor, circus, opens and how it starts its worker.

Circus takes commands and publishes events on two ports of the loopback interface. Neither asks who
connects, so that every user of the machine could read the worker's environment and run commands as
the service's user. Nothing here uses them.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

import psutil

from guards.errors import first_line
from service.child_environment import child_command
from service.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BEYOND_STOP_S", "confine_supervisor", "unexpected_ports"]

_CLOSED = {
    # An endpoint inside the process: no other process can connect to it.
    "endpoint": "inproc://control",
    "pubsub_endpoint": "inproc://events",
    "multicast_endpoint": None,
    "statsd": False,
    "stats_endpoint": None,
    "httpd": False,
}


BEYOND_STOP_S = 5.0
"""Seconds after which a worker that should have stopped, within ``STOP_S``, is killed."""


def confine_supervisor(exit_code: Callable[[], int], stop_s: float) -> None:
    """Make supervisors that are created from now on listen on the service's port alone.

    They end with ``exit_code()``, and a hang-up changes nothing: circus would start the workers
    anew, without a check of the bundles. Their workers are started as processes of our own, and
    killed where a stop takes longer than the ``stop_s`` seconds that they keep to. One that is to
    run plugins, which are processes that send it commands, ends this process with exit
    code 2: ``bentoml serve --reload`` is the only call that asks for one.
    """
    from circus.arbiter import Arbiter  # noqa: PLC0415 (the worker does not need it)

    _ignore_hang_ups()
    initialise, start = Arbiter.__init__, Arbiter.start

    @functools.wraps(initialise)
    def confined(arbiter: object, watchers: list[Any], **kwargs: Any) -> None:  # noqa: ANN401 (circus's)
        if kwargs.get("plugins"):
            sys.stderr.write(
                "understudy: --reload needs a control port, which the service does not open; "
                "stop and start it instead\n"
            )
            sys.exit(ExitCode.WRONG_CALL)
        for watcher in watchers:
            _start_as_our_own(watcher)
            watcher.graceful_timeout = stop_s + BEYOND_STOP_S
        with _without_name_service():
            initialise(arbiter, watchers, **{**kwargs, **_CLOSED})

    @functools.wraps(start)
    def run(arbiter: object, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401 (circus's)
        ended = start(arbiter, *args, **kwargs)
        if code := exit_code():
            sys.exit(code)
        return ended

    Arbiter.__init__, Arbiter.start = confined, run


def _ignore_hang_ups() -> None:
    """Let SIGHUP pass by this process and all that it starts, which inherit that."""
    from circus.sighandler import SysHandler  # noqa: PLC0415 (the worker does not need it)

    if hangup := getattr(signal, "SIGHUP", None):
        SysHandler.SIGNALS = [number for number in SysHandler.SIGNALS if number != hangup]
        signal.signal(hangup, signal.SIG_IGN)


def _start_as_our_own(watcher: Any) -> None:  # noqa: ANN401 (circus has no types)
    """Run the module of a worker's command as ``child_command`` runs one."""
    option, *module_and_arguments = watcher.args
    if option == "-m":
        watcher.args = child_command(*module_and_arguments)[1:]


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
    ``confine_supervisor`` does not know. Where the system does not tell, as without ``/proc``, that
    is said, and the list is empty.
    """
    try:
        return sorted(_listening(os.getppid()) - _listening(os.getpid()))
    except (psutil.Error, OSError) as error:
        sys.stderr.write(
            "understudy: the system does not tell which ports the supervisor listens on: "
            f"{first_line(error)}\n"
        )
        return []


def _listening(pid: int) -> set[str]:
    return {
        f"{connection.laddr.ip}:{connection.laddr.port}"
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
