"""Servers are started, waited for, measured and ended, and a failure shows what they message."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import pytest

from load_tests.loads import closed
from load_tests.servers import Contender, Server, ServerError, processes, running
from load_tests.subject import Subject
from load_tests.wire import Connections
from tests.patience import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SERVE = """
import json, os, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self):
        self.answer(200, b"")

    def do_POST(self):
        Handler.asked += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(503 if Handler.asked < 3 else 200, body + os.environ["GREETING"].encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def contender(code: str) -> Contender:
    """Return a server that is a piece of Python."""
    return Contender(
        "small",
        "python server.py {port}",
        "/",
        list,
        "/ready",
        variables={"GREETING": "hello from {port}"},
        files={"server.py": code},
    )


def subject(directory: Path) -> Subject:
    """Return one text to send, and neither a model nor a bundle."""
    return Subject(["ab"], directory, directory, directory, [])


def lives(process: psutil.Process) -> bool:
    """Tell whether a process still runs; one that only waits to be reaped does not."""
    try:
        return process.is_running() and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_server_runs_until_it_is_not_needed(tmp_path: Path) -> None:
    """It is yielded once it answers documents with 200, and all that it started ends with it."""

    async def run() -> list[psutil.Process]:
        async with running(contender(_SERVE), subject(tmp_path), tmp_path) as server:
            started = processes(server.pid)
            assert len(started) == 2
            answer = await server.connections.send(server.requests[0])
            port = urlsplit(server.connections.url).port
            assert answer.body.decode() == f'["a", "b"]hello from {port}'
            before_s = server.cpu_s()
            # The kernel counts in steps of 10 ms, and fifty documents may take less.
            while server.cpu_s() <= before_s:
                assert (await closed(server.connections, server.requests, 50, 1)).answered == 50
        return started

    started = asyncio.run(run())
    wait_until(lambda: not any(map(lives, started)), "the end of what it started")


def test_the_error_of_a_server_that_does_not_start_has_its_output(tmp_path: Path) -> None:
    """The error has its name, its exit code, and the last lines that it printed."""
    code = "import sys\nprint('old news\\n' * 50)\nsys.exit('no such model')"

    async def run() -> None:
        with pytest.raises(ServerError) as raised:
            async with running(contender(code), subject(tmp_path), tmp_path):
                pass
        message = str(raised.value)
        assert "small: exited with 1" in message
        assert message.endswith("no such model")
        assert raised.value.reason.startswith("small: exited with 1")
        assert message.count("old news") < 50

    asyncio.run(run())


BURN_S = 0.3
_BURN = f"import time\nwhile time.process_time() < {BURN_S}: pass\n"
_PARENT = f"""
import os, subprocess, sys
burn = {_BURN!r}
subprocess.run([sys.executable, "-c", burn], check=True)
living = burn + "print(time.process_time(), flush=True)\\ninput()"
child = subprocess.Popen([sys.executable, "-c", living], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True, start_new_session=True)
child_s = float(child.stdout.readline())
print(child_s + sum(os.times()[:4]), flush=True)
input()
"""
"""Says how much it has used, and so have the child that has ended and the one that lives."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A process, and the seconds that it and its children had used at the time they said so."""

    process: subprocess.Popen[str]
    used_s: float

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self.process.pid


@pytest.fixture
def parent() -> Iterator[Parent]:
    """Yield a process with a child that has ended, and one that lives in a session of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield Parent(process, float(process.stdout.readline()))
    for descendant in processes(process.pid):
        descendant.kill()
    process.communicate()


def test_processor_time_counts_children_that_live_or_have_ended(parent: Parent) -> None:
    """Two children burnt so much each, and neither the caller nor another process is in it."""
    server = Server("small", parent.pid, Connections("http://127.0.0.1:1"), [])

    until_s = time.process_time() + BURN_S
    while time.process_time() < until_s:  # this process does not descend from it
        pass

    assert parent.used_s > 2 * BURN_S
    assert server.cpu_s() == pytest.approx(parent.used_s, abs=BURN_S / 2)


def test_processes_are_the_root_and_its_living_descendants(parent: Parent) -> None:
    """A child in a session of its own is one of them, a child that has ended is not."""
    root, *children = processes(parent.pid)

    assert root.pid == parent.pid
    assert [child.ppid() for child in children] == [parent.pid]


def test_a_process_that_is_gone_has_no_descendants() -> None:
    """It costs nothing and is no error, since servers end when they want to."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert processes(process.pid) == []
    assert Server("gone", process.pid, Connections("http://127.0.0.1:1"), []).cpu_s() == 0
