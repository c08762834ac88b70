"""A process that is forked instead of started anew."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.shadow.local.child_process import ChildProcess
from service.shadow.local.fork_server import Forked, ForkServer
from tests.forking import fork_from_its_own
from tests.patience import PATIENCE_S, wait_until
from tests.service.shadow.local.processes import gone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


WITHOUT_LIBRARIES = (
    "from service.shadow.local import forking; forking._LIBRARIES = (); forking.main()"
)


@pytest.fixture(autouse=True)
def _servers_without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each server have a process of its own, which imports nothing that it does not need."""
    command = [sys.executable, "-P", "-c", WITHOUT_LIBRARIES]
    monkeypatch.setattr("service.shadow.local.fork_server.child_command", lambda _: command)
    monkeypatch.setattr(ForkServer, "fork", fork_from_its_own)


@pytest.fixture
def server() -> Iterator[ForkServer]:
    """Return a server, and close it."""
    server = ForkServer()
    yield server
    server.close()


@asynccontextmanager
async def forked(server: ForkServer) -> AsyncIterator[ChildProcess]:
    """Fork a process, and end it."""
    child = await ChildProcess.connect(await server.fork())
    try:
        yield child
    finally:
        await child.end(PATIENCE_S)


def descriptors() -> set[str]:
    """Return the numbers of this process's descriptors."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def parent(pid: int) -> int:
    """Return the id of a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_processes_have_one_parent_and_end_by_themselves(server: ForkServer) -> None:
    """What is forked is forked from one process, ends with its input, and leaves no zombie."""

    async def scenario() -> tuple[int, int]:
        async with forked(server) as one, forked(server) as other:
            assert one.pid != other.pid
            assert parent(one.pid) == parent(other.pid) != os.getpid()
            assert os.getsid(one.pid) == os.getsid(0)
        assert await one.first is None
        return one.pid, other.pid

    pids = asyncio.run(scenario())
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "their end")


def test_a_server_that_was_killed_starts_again(server: ForkServer) -> None:
    """What it has forked goes on, and the next fork is one of a new process."""

    async def scenario() -> None:
        async with forked(server) as one:
            os.kill(killed := parent(one.pid), signal.SIGKILL)
            wait_until(lambda: parent(one.pid) != killed, "the end of the parent")
            async with forked(server) as other:
                assert not gone(one.pid)
                assert parent(other.pid) != killed

    asyncio.run(scenario())


def test_a_server_that_ends_before_it_forks_is_an_error(server: ForkServer) -> None:
    """Whoever waits for a process is told, and keeps no descriptor."""

    async def scenario() -> None:
        before = descriptors()
        waiting = asyncio.create_task(server.fork())
        await asyncio.sleep(0)
        server.close()
        with pytest.raises(OSError, match="has ended"):
            await waiting
        assert descriptors() <= before

    asyncio.run(scenario())


def test_a_server_that_could_not_be_started_is_tried_again(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that has no process to give is an error of that fork alone."""
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr("service.shadow.local.fork_server.child_command", lambda _: ["/nowhere"])
            with pytest.raises(FileNotFoundError):
                asyncio.run(server.fork())


def test_nobody_waits_for_a_fork(server: ForkServer) -> None:
    """A process whose asker has gone ends by itself, and the next one is the asker's own."""

    async def scenario() -> Forked:
        waiting = asyncio.create_task(server.fork())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return await server.fork()

    process = asyncio.run(scenario())
    children = Path(f"/proc/{parent(process.pid)}/task/{parent(process.pid)}/children")
    wait_until(lambda: children.read_text().split() == [str(process.pid)], "the end of the other")
    process.kill()
    for descriptor in (process.requests, process.answers, process.process):
        assert descriptor is not None
        os.close(descriptor)
