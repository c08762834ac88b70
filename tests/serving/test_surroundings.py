"""What a running service takes from its surroundings, shows to them, and leaves in them.

A Bento is served, from its start to its stop with a hundred requests between, in a directory and
with a ``PYTHONPATH`` that are full of modules with the names of others. ``test_container`` starts
the service from settings, and finds such modules, too.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.patience import PATIENCE_S
from tests.serving.server import serving
from tests.serving.watched_interpreter import make_interpreter, read_notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.json_types import JsonObject
    from tests.serving.server import Server

PROCESSES = (
    "serve",
    "import_path.py service.lifecycle.judging_child",
    "import_path.py _bentoml_impl.worker.service",
    "import_path.py service.shadow.local.forking",
)
"""What is in the commands of its processes, in the order of their starts."""

MODULES: tuple[str, ...] = (
    "artifacts",
    "bentoml",
    "click",
    "flash_attn",
    "guards",
    "json",
    "service",
    "sklearn",
)
MODULES += ("sitecustomize", "tensorflow", "torch", "transformers", "usercustomize", "uvicorn")
"""Names of ours, of the standard library, of libraries, and of libraries that are not there."""

OPERATORS_MODULES = ("pandas", "sklearn", "torch", "transformers")

ANOTHER_USER = """
import json, os, socket, sys
addresses = json.loads(sys.argv[1])
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
answers = {}
for address in addresses:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as client:
        client.settimeout(float(sys.argv[2]))
        try:
            client.connect(address if isinstance(address, str) else tuple(address))
            client.sendall(b"GET /livez HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
            answers[str(address)] = client.recv(8).decode("latin-1")
        except OSError as error:
            answers[str(address)] = type(error).__name__
print(json.dumps(answers))
"""


@dataclass
class Run:
    """What was seen of one run of the service."""

    directory: Path
    port: int = 0
    connections: dict[int, list[psutil._common.pconn]] = field(default_factory=dict)
    temporary: list[Path] = field(default_factory=list)
    modes: list[int] = field(default_factory=list)
    others_answers: dict[str, str] = field(default_factory=dict)
    asked: list[object] = field(default_factory=list)

    def noted(self, kind: str) -> list[str]:
        """Return what the interpreters of all processes noted."""
        return read_notes(self.directory / "notes", kind)

    def listening(self) -> set[object]:
        """Return every address that a process listens on: TCP and UDP, and paths."""
        return {
            tuple(connection.laddr) if isinstance(connection.laddr, tuple) else connection.laddr
            for connections in self.connections.values()
            for connection in connections
            if connection.laddr and connection.status in {psutil.CONN_LISTEN, psutil.CONN_NONE}
        }


@pytest.fixture(scope="module")
def run(bento: Path, documents: list[JsonObject], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Serve a champion with a quantised engine and a challenger, and look before the stop."""
    run = Run(tmp_path_factory.mktemp("surroundings"))
    for name in ("home", "temporary", "bentoml"):
        (run.directory / name).mkdir()
    current = run.directory / "current"
    _fill(current, MODULES, run.directory / "ran")
    _fill(run.directory / "operators", OPERATORS_MODULES, run.directory / "ran")
    interpreter = make_interpreter(run.directory / "environment", run.directory / "notes")
    command = Path(sys.executable).with_name("bentoml")
    with (
        _proxy() as (proxy, run.asked),
        serving(
            (
                *("env", *_surroundings(run.directory, proxy)),
                *(str(interpreter), str(command), "serve", str(bento), "--host", "127.0.0.1"),
            ),
            run.directory / "log.jsonl",
            cwd=current,
            CHAMPION="",
        ) as server,
    ):
        for document in documents[:100]:
            server.classify([document]).raise_for_status()
        status = server.wait_until_compared()
        assert status["challengers"][0]["version"] == "2"
        _look(run, server)
    assert server.process.returncode == 0, "".join(server.complaints)
    return run


def _fill(directory: Path, names: tuple[str, ...], ran: Path) -> None:
    """Make modules that say that they ran, and what makes BentoML look for a service here."""
    directory.mkdir()
    for name in names:
        package = directory / name
        package.mkdir()
        (package / "__init__.py").write_text(
            f"with open({str(ran)!r}, 'a') as ran: print(__file__, file=ran)\n", encoding="utf-8"
        )
    project = directory / "service.app:Understudy"
    project.mkdir()
    for place in (directory, project):
        (place / "bentofile.yaml").write_text("service: torch:Nobody\n", encoding="utf-8")
    (directory / "service.app").touch()
    (directory / ".env").write_text("UNDERSTUDY_CHAMPION=nobody\n", encoding="utf-8")


def _surroundings(directory: Path, proxy: str) -> list[str]:
    """Return the arguments of ``env`` that set the variables of the service alone.

    Variables that this process or a library in it has set are no part of them.
    """
    prefixes = ("XDG_", "HF_", "TRANSFORMERS_", "ORT_", "TORCHINDUCTOR_")
    variables = {
        "HOME": directory / "home",
        "TMPDIR": directory / "temporary",
        "BENTOML_HOME": directory / "bentoml",
        "PYTHONPATH": directory / "operators",
        "PYTHONDONTWRITEBYTECODE": "1",
        "BENTOML_DO_NOT_TRACK": "False",
        **dict.fromkeys(("http_proxy", "https_proxy", "ALL_PROXY"), proxy),
    }
    return [
        *(f"--unset={name}" for name in os.environ if name.startswith(prefixes)),
        *(f"{name}={value}" for name, value in variables.items()),
    ]


@contextlib.contextmanager
def _proxy() -> Iterator[tuple[str, list[object]]]:
    """Listen as the proxy that all outside connections are to take, native code's as well."""
    asked: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def listen() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, address = listening.accept()
                    asked.append(address)
                    connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _look(run: Run, server: Server) -> None:
    supervisor = psutil.Process(server.process.pid)
    run.port = server.port
    run.connections = {
        process.pid: process.net_connections("all")
        for process in (supervisor, *supervisor.children(recursive=True))
    }
    run.temporary = list((run.directory / "temporary").iterdir())
    run.modes = [path.stat().st_mode & 0o777 for path in run.temporary]
    if os.getuid() == 0:
        addresses = json.dumps(sorted(run.listening(), key=str))
        answer = subprocess.run(
            [sys.executable, "-c", ANOTHER_USER, addresses, str(PATIENCE_S)],
            capture_output=True,
            text=True,
            check=True,
        )
        run.others_answers = json.loads(answer.stdout)


def test_only_the_port_listens(run: Run) -> None:
    """No process takes commands or publishes figures, by TCP, UDP or a path."""
    # The judging child has ended, and a challenger is forked.
    assert len(run.connections) == len(PROCESSES)
    assert run.listening() == {("127.0.0.1", run.port)}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_gets_the_ports_answers_alone(run: Run) -> None:
    """Whoever shares the machine finds nothing that answers, but what everybody may ask."""
    assert run.others_answers == {str(["127.0.0.1", run.port]): "HTTP/1.1"}


def test_no_module_of_the_current_directory_or_the_python_path_takes_anothers_place(
    run: Run,
) -> None:
    """Ours, the standard library's and the installed ones run, in every process."""
    started = [" ".join(command) for command in run.noted("started")]
    for process, command in zip(PROCESSES, started, strict=True):
        assert process in command
    assert not (run.directory / "ran").exists(), (run.directory / "ran").read_text()


def test_no_process_reaches_outside(run: Run) -> None:
    """No connection is tried and no name looked up; requests come in, and events go to a file."""
    # What has no address goes to the other end of a pair of sockets.
    assert set(run.noted("reached")) <= {"socket.getaddrinfo '127.0.0.1'", "socket.sendmsg None"}
    assert run.asked == []
    others = {c.raddr for found in run.connections.values() for c in found if c.raddr}
    assert {address.ip for address in others if not isinstance(address, str)} <= {"127.0.0.1"}


def test_everything_is_written_where_it_is_declared(run: Run) -> None:
    """The log file, BentoML's home and the temporary directory, and nothing at home."""
    declared = [run.directory / name for name in ("log.jsonl", "bentoml", "temporary", "notes")]
    declared.append(Path(os.devnull))
    written = map(Path, run.noted("written"))
    assert [p for p in written if not any(p.is_relative_to(place) for place in declared)] == []
    assert list((run.directory / "home").rglob("*")) == []


def test_the_temporary_directory_is_one_private_and_removed(run: Run) -> None:
    """Nobody else reads what libraries leave there while the service runs, and nothing stays."""
    assert len(run.temporary) == 1
    assert run.modes == [0o700]
    assert list((run.directory / "temporary").iterdir()) == []
