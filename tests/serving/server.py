"""A real service in processes of its own, and what tests ask of it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.patience import PATIENCE_S, UNHURRIED, wait_until
from tests.windows import joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.json_types import JsonObject

UNDERSTUDY = (sys.executable, "-c", "from service.cli import main; main()")
BENTOML = (sys.executable, "-m", "bentoml")
REPOSITORY = Path(__file__).parents[2]

_OBSERVED = "request.observed"

_PORTS = range(20_000, 30_000)
"""Below those that the kernel gives to whoever asks for any, so that hardly anybody takes one."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def has_ipv6() -> bool:
    """Tell whether this machine has IPv6 on its loopback interface."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def skip_without_ipv6() -> None:
    """Skip the test where this machine has no IPv6."""
    if not has_ipv6():
        pytest.skip("this machine has no IPv6 on its loopback interface")


def port_is_open(port: int) -> bool:
    """Tell whether anything accepts connections there."""
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Server:
    """A running service: its process, its address, its log, and what it printed so far."""

    process: subprocess.Popen[str]
    port: int
    log: Path
    output: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        """Keep a client for the service's address."""
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE_S)

    def printed(self) -> str:
        """Return what the service has written to standard output, and then to standard error."""
        return "".join([*self.output, *self.complaints])

    def ready(self) -> bool:
        """Tell whether the service says that it is ready."""
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def becomes_ready(self) -> bool:
        """Wait until the service is ready or has ended, and tell which."""
        wait_until(lambda: self.process.poll() is not None or self.ready(), "readiness")
        return self.process.poll() is None

    def wait_until_compared(self) -> JsonObject:
        """Wait until no comparison is pending, and return the status."""
        wait_until(lambda: self.status()["coverage"]["pending"] == 0, "the challenger")
        return self.status()

    def observed(self, documents: int) -> list[JsonObject]:
        """Return the lines of so many observed documents, once they are in the log."""
        wait_until(lambda: len(self.events(_OBSERVED)) >= documents, "the log lines")
        return self.events(_OBSERVED)

    def status(self) -> JsonObject:
        """Get the status."""
        status: JsonObject = self.client.get("/v1/status").raise_for_status().json()
        return status

    def classify(self, documents: list[JsonObject]) -> httpx.Response:
        """Send one request."""
        return self.client.post("/v1/classify", json={"documents": documents})

    def events(self, name: str) -> list[JsonObject]:
        """Read the log's events of one name; windows that were written in parts are joined."""
        of_event = [line for line in read_log(self.log) if line["event"] == name]
        return joined(of_event) if name == "drift.window" else of_event

    def stop(self) -> None:
        """Ask the service to stop, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)


def read_log(path: Path) -> list[JsonObject]:
    """Read every whole line of a log; the last one may be half-way in."""
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in whole.split("\n") if line]


@contextlib.contextmanager
def serving(
    command: tuple[str, ...],
    log: Path,
    *,
    port: int | None = None,
    cwd: Path = REPOSITORY,
    wait: bool = True,
    **settings: str,
) -> Iterator[Server]:
    """Run a service for the length of a test; ``settings`` are UNDERSTUDY_* without the prefix.

    A service that is waited for gets another port where somebody else was quicker to take its own.
    """
    values = {"LOG_FILE": log, **UNHURRIED, **settings}
    environment = {
        "BENTOML_DO_NOT_TRACK": "True",
        **os.environ,
        **{f"UNDERSTUDY_{name}": str(value) for name, value in values.items()},
    }
    while True:
        with _started(command, port or free_port(), log, cwd, environment) as server:
            if not wait or server.becomes_ready():
                yield server
                if server.process.poll() is None:
                    server.stop()
                return
        complaints = "".join(server.complaints)
        assert "in use" in complaints, f"the service stopped while it started: {complaints}"


@contextlib.contextmanager
def _started(
    command: tuple[str, ...], port: int, log: Path, cwd: Path, environment: dict[str, str]
) -> Iterator[Server]:
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Server(process, port, log)
    try:
        with _reading(server):
            yield server
    finally:
        server.client.close()
        _end(process)


@contextlib.contextmanager
def _reading(server: Server) -> Iterator[None]:
    """Keep both pipes empty: a service must not wait for a test that does not read."""
    readers = [
        threading.Thread(target=lambda: server.output.extend(server.process.stdout or ())),
        threading.Thread(target=lambda: server.complaints.extend(server.process.stderr or ())),
    ]
    for reader in readers:
        reader.start()
    try:
        yield
    finally:
        _end(server.process)
        for reader in readers:
            reader.join()
        for pipe in (server.process.stdout, server.process.stderr):
            if pipe is not None:
                pipe.close()


def _end(process: subprocess.Popen[str]) -> None:
    """Kill what a failed test left: the supervisor, and its workers and their children."""
    if process.poll() is None:
        children = _descendants(process.pid)
        process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.wait()


def _descendants(pid: int) -> list[int]:
    descendants: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="utf-8").split():
            descendants += [int(child), *_descendants(int(child))]
    return descendants
