"""Start the servers to measure, wait until they answer, and end them with all their children."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from load_tests.environments import CommandError, environment
from load_tests.wire import Connections, WireError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from load_tests.subject import Subject

__all__ = ["Contender", "Server", "ServerError", "processes", "running"]

_HOST = "127.0.0.1"
_PEERS = Path(__file__).parent / "peers"
_ENVIRONMENTS = Path(__file__).parent / ".peers"
_START_S = 240.0
_STOP_S = 20.0
_KILL_S = 5.0
_POLL_S = 0.2
_LAST_LINES = 15


class ServerError(CommandError):
    """A server does not start, or does not answer."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A server to measure: how it is started, and how it is asked.

    ``command`` starts with a command of the environment that holds ``requirements``, a file of
    ``peers``, or else of the environment that runs this. ``path`` is where documents are posted,
    ``content`` makes the JSON of a request from a text, ``ready`` answers 200 once they may be.
    ``files`` are written to a scratch directory. In the command, the directory, the variables and
    the files, ``{port}`` stands for a free port, and ``{model}``, ``{bundle}``, ``{scratch}``,
    ``{peers}`` and ``{root}`` for paths. ``at_defaults`` marks a peer that is as its own pages
    show it, with one model.
    """

    name: str
    command: str
    path: str
    content: Callable[[str], object]
    ready: str = "/readyz"
    requirements: str | None = None
    directory: str = "{scratch}"
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    at_defaults: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """A running contender, and the requests to send it."""

    name: str
    pid: int
    connections: Connections
    requests: Sequence[bytes]

    def cpu_s(self) -> float:
        """Return the user and system seconds of its process and all that descend from it.

        Processes that have ended count when their parents have waited for them. Steps of 10 ms.
        """
        seconds = 0.0
        for process in processes(self.pid):
            with suppress(psutil.NoSuchProcess):
                user, system, children_user, children_system, *_ = process.cpu_times()
                seconds += user + system + children_user + children_system
        return seconds


def processes(pid: int) -> list[psutil.Process]:
    """Return the process and all that descend from it, or nothing where it has ended."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


@asynccontextmanager
async def running(contender: Contender, subject: Subject, scratch: Path) -> AsyncIterator[Server]:
    """Run a contender and yield it once it answers.

    Raises ``CommandError``, and ``ServerError`` with the last lines of its output.
    """
    port = _free_port()
    output = scratch / f"{contender.name}.output"
    process = _start(contender, subject, port, output)
    try:
        with closing(Connections(f"http://{_HOST}:{port}")) as connections:
            texts = map(contender.content, subject.texts)
            requests = [connections.post(contender.path, text) for text in texts]
            server = Server(contender.name, process.pid, connections, requests)
            await _wait_until_it_answers(contender, server, process, output)
            yield server
    finally:
        await asyncio.to_thread(_stop, process)


def _start(
    contender: Contender, subject: Subject, port: int, output: Path
) -> subprocess.Popen[bytes]:
    scratch = output.with_name(contender.name.replace(" ", "-"))
    scratch.mkdir()
    slots = {
        "{port}": str(port),
        "{model}": str(subject.model.resolve()),
        "{bundle}": str(subject.bundle),
        "{scratch}": str(scratch),
        "{peers}": str(_PEERS),
        "{root}": str(_PEERS.parents[1]),
    }

    def fill(text: str) -> str:
        for slot, value in slots.items():
            text = text.replace(slot, value)
        return text

    for name, content in contender.files.items():
        (scratch / name).write_text(fill(content), encoding="utf-8")
    commands = Path(sys.executable).parent
    if contender.requirements is not None:
        commands = environment(_PEERS / f"{contender.requirements}.txt", _ENVIRONMENTS)
    executable, *arguments = contender.command.split()
    variables = {name: fill(value) for name, value in contender.variables.items()}
    with output.open("wb") as file:
        return subprocess.Popen(  # noqa: S603 (the contender's own command)
            [commands / executable, *map(fill, arguments)],
            cwd=fill(contender.directory),
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


async def _wait_until_it_answers(
    contender: Contender, server: Server, process: subprocess.Popen[bytes], output: Path
) -> None:
    deadline_s = time.monotonic() + _START_S
    last = "nothing"
    while process.poll() is None and time.monotonic() < deadline_s:
        try:
            answer = await server.connections.send(server.connections.get(contender.ready))
            if answer.ok:
                answer = await server.connections.send(server.requests[0])
                if answer.ok:
                    return
            last = f"{answer.status} {answer.body[:200].decode(errors='replace')}"
        except WireError as error:
            last = str(error)
        await asyncio.sleep(_POLL_S)
    state = "still runs" if process.poll() is None else f"exited with {process.returncode}"
    message = f"{contender.name}: {state}, last answer: {last}; output:\n{_last_lines(output)}"
    raise ServerError(message)


def _last_lines(output: Path) -> str:
    return "\n".join(output.read_text(errors="replace").splitlines()[-_LAST_LINES:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that descend from it."""
    descendants = processes(process.pid)[1:]
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(descendants, timeout=1.0)
    for descendant in alive:
        with suppress(psutil.NoSuchProcess):
            descendant.kill()
    psutil.wait_procs(alive, timeout=_KILL_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
