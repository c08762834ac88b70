"""Servers that a measurement starts itself, each in a directory and environment of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from load_tests import trees
from load_tests.wire import Address, Connections, WireError, get, post

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Contender", "Server", "ServerError", "running"]

_HOST = "127.0.0.1"
_START_S = 240.0
_STOP_S = 20.0
_POLL_S = 0.2
_LAST_LINES = 15


class ServerError(Exception):
    """A server does not start, or does not answer."""

    @property
    def reason(self) -> str:
        """The line that says most: the last one that names an error, or else the first."""
        lines = str(self).splitlines()
        return next((line.strip() for line in reversed(lines) if "Error: " in line), lines[0])


@dataclass(frozen=True, slots=True)
class Contender:
    """Something to measure: how it is started, and how it is asked.

    ``{port}`` in the command and the environment becomes a free port; ``content`` makes the JSON
    of a request from a text.
    """

    name: str
    command: Sequence[str]
    directory: Path
    path: str
    content: Callable[[str], object]
    ready: str = "/readyz"
    environment: Mapping[str, str] = field(default_factory=dict)

    def requests(self, texts: Sequence[str]) -> list[bytes]:
        """Give one request a text."""
        return [post(self.path, self.content(text)) for text in texts]


@dataclass(frozen=True, slots=True)
class Server:
    """A contender that runs, and what is to be sent to it."""

    name: str
    pid: int
    connections: Connections
    requests: Sequence[bytes]

    @property
    def url(self) -> str:
        """The address of its root."""
        return f"http://{self.connections.address.host}:{self.connections.address.port}"

    def cpu_s(self) -> float:
        """Give the processor seconds of its processes so far."""
        return trees.cpu_s(self.pid)


@asynccontextmanager
async def running(
    contender: Contender, texts: Sequence[str], scratch: Path
) -> AsyncIterator[Server]:
    """Run a contender that answers; raises ``ServerError`` with the last it said."""
    address = Address(_HOST, _free_port())
    output = scratch / f"{contender.name}.output"
    process = _start(contender, address.port, output)
    server = Server(contender.name, process.pid, Connections(address), contender.requests(texts))
    try:
        await _wait_until_it_answers(contender, server, process, output)
        yield server
    finally:
        server.connections.close()
        await asyncio.to_thread(_stop, process)


def _start(contender: Contender, port: int, output: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **contender.environment}
    with output.open("wb") as file:
        return subprocess.Popen(  # noqa: S603 (the contender's own command)
            [part.replace("{port}", str(port)) for part in contender.command],
            cwd=contender.directory,
            env={key: value.replace("{port}", str(port)) for key, value in environment.items()},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


async def _wait_until_it_answers(
    contender: Contender, server: Server, process: subprocess.Popen[bytes], output: Path
) -> None:
    deadline_s = time.monotonic() + _START_S
    told = "nothing"
    while process.poll() is None and time.monotonic() < deadline_s:
        try:
            answer = await server.connections.send(get(contender.ready))
            if answer.ok:
                answer = await server.connections.send(server.requests[0])
                if answer.ok:
                    return
            told = f"{answer.status} {answer.body[:200].decode(errors='replace')}"
        except WireError as error:
            told = str(error)
        await asyncio.sleep(_POLL_S)
    ended = "runs still" if process.poll() is None else f"exited with {process.returncode}"
    message = f"{contender.name}: {ended}, last heard: {told}; it said:\n{_last_lines(output)}"
    raise ServerError(message)


def _last_lines(output: Path) -> str:
    return "\n".join(output.read_text(errors="replace").splitlines()[-_LAST_LINES:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End it and all that it started, and nothing else."""
    descendants = trees.tree(process.pid)[1:]
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    trees.kill(descendants, grace_s=1.0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
