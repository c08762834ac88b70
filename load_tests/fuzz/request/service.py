"""Run a champion with a challenger behind keys, and see what the fuzz does to it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from load_tests.fuzz.processes import used_by
from load_tests.fuzz.request.bodies import good_body
from load_tests.fuzz.request.wire import exchange
from load_tests.fuzz.resealing import edit_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from load_tests.fuzz.request.wire import RawAnswer

__all__ = ["KEYS", "Service", "fuzz_keys", "serving"]

KEYS = {"feedback": "key-f-7d1e", "operate": "key-o-93ac", "everything": "key-e-51b2"}
"""The keys by the name of their scope; the last one has them all."""

_SCOPES = ("classify", "feedback", "operate")
_SERVE = (sys.executable, "-P", "-c", "from service.cli import main; main()", "serve")
_ROOT = str(Path(__file__).resolve().parents[3])
_START_S = 120.0
_STOP_S = 60.0
_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its process, port, and the files that it writes to."""

    process: subprocess.Popen[Any]
    port: int
    output: Path
    errors: Path
    log: Path

    def ask(self, line: str, key: str | None = None, body: bytes = b"") -> RawAnswer | None:
        """Send one good request and return its answer, None where there is none in time."""
        lines = [line, "Host: 127.0.0.1", f"Content-Length: {len(body)}", "Connection: close"]
        lines += ["Content-Type: application/json"] if body else []
        lines += [f"Authorization: Bearer {KEYS[key]}"] if key else []
        data = "\r\n".join([*lines, "", ""]).encode() + body
        try:
            answers = exchange(
                self.port, [data], complete=True, max_s=_ANSWER_S, patience_s=_ANSWER_S
            )
        except OSError:
            return None
        return answers[0] if answers else None

    def answers_in_s(self) -> float | None:
        """Return how long a good request takes, None where it is not answered with 200."""
        started_s = time.monotonic()
        answer = self.ask("POST /v1/classify HTTP/1.1", "everything", good_body())
        good = answer is not None and answer.status == HTTPStatus.OK
        return time.monotonic() - started_s if good else None

    def used_bytes(self) -> int:
        """Return the memory that the service and all its processes hold."""
        return used_by(self.process.pid)[0]


@contextmanager
def serving(champion: Path, scratch: Path) -> Iterator[Service]:
    """Serve a bundle, with a copy of it as the challenger, until the block ends."""
    (scratch / "keys.json").write_text(json.dumps({"keys": fuzz_keys()}))
    port = _free_port()
    where = ["--champion", str(champion), "--port", str(port)]
    where += ["--challenger", str(_copied(champion, scratch))]
    settings = {
        "API_KEYS_FILE": scratch / "keys.json",
        "MAX_BODY_BYTES": 300_000,
        "MAX_DOCUMENTS": 64,
    }
    files = [scratch / name for name in ("output", "errors", "log.jsonl")]
    with files[0].open("wb") as output, files[1].open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 (our own command)
            [*_SERVE, *where, "--log-file", str(files[2])],
            cwd=scratch,
            env={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": _ROOT,
                **{f"UNDERSTUDY_{name}": str(value) for name, value in settings.items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
    service = Service(process, port, *files)
    try:
        _wait_until_ready(service)
        yield service
    finally:
        _stop(process)


def _copied(champion: Path, scratch: Path) -> Path:
    challenger = scratch / "challenger" / "2"
    shutil.copytree(champion, challenger)
    edit_manifest(challenger, lambda manifest: manifest.update(version="2"))
    return challenger


def fuzz_keys() -> list[dict[str, object]]:
    """Return ``KEYS`` as a file of keys has them."""

    def key(name: str, value: str) -> dict[str, object]:
        scopes = [name] if name in _SCOPES else [*_SCOPES]
        return {
            "name": name,
            "sha256": hashlib.sha256(value.encode()).hexdigest(),
            "scopes": scopes,
        }

    return [key(name, value) for name, value in KEYS.items()]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(service: Service) -> None:
    ends_s = time.monotonic() + _START_S
    while service.answers_in_s() is None:
        if service.process.poll() is not None or time.monotonic() > ends_s:
            message = f"the service does not start:\n{service.errors.read_text()}"
            raise RuntimeError(message)
        time.sleep(0.2)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop, and kill what is left after a while."""
    processes = []
    with suppress(psutil.Error):
        processes = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in processes:
        with suppress(psutil.Error):
            child.kill()
