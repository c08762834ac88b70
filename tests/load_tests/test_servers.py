"""Servers are started, waited for, measured and ended, and a failure shows what they said."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from load_tests import trees
from load_tests.loads import closed
from load_tests.servers import Contender, ServerError, running

if TYPE_CHECKING:
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

subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def contender(directory: Path, code: str) -> Contender:
    """Give something that runs a piece of Python."""
    command = (sys.executable, "-c", code, "{port}")
    environment = {"GREETING": "hello from {port}"}
    return Contender("small", command, directory, "/", list, "/ready", environment)


def test_a_server_runs_until_it_is_not_needed(tmp_path: Path) -> None:
    """It is given once it answers documents with 200; with it ends all that it started."""

    async def run() -> None:
        async with running(contender(tmp_path, _SERVE), ["ab"], tmp_path) as server:
            started = trees.tree(server.pid)
            assert len(started) == 2
            answer = await server.connections.send(server.requests[0])
            port = server.connections.address.port
            assert answer.body.decode() == f'["a", "b"]hello from {port}'
            before_s = server.cpu_s()
            assert (await closed(server.connections, server.requests, 50, 1)).answered == 50
            assert server.cpu_s() > before_s
        assert not any(process.lives for process in started)

    asyncio.run(run())


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The error has its name, its exit code, and the last lines that it printed."""
    code = "import sys\nprint('old news\\n' * 50)\nsys.exit('no such model')"

    async def run() -> None:
        with pytest.raises(ServerError) as raised:
            async with running(contender(tmp_path, code), ["ab"], tmp_path):
                pass
        said = str(raised.value)
        assert "small: exited with 1" in said
        assert said.endswith("no such model")
        assert raised.value.reason.startswith("small: exited with 1")
        assert said.count("old news") < 50

    asyncio.run(run())
