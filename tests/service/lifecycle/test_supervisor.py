"""Which process a worker stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from service.lifecycle.supervisor import EXIT_CODE, SUPERVISOR, exit_code

if TYPE_CHECKING:
    from pathlib import Path

_WORKER = """
from service.exit_codes import ExitCode
from service.lifecycle.supervisor import stop_service
stop_service(ExitCode.GUARD_REFUSED)
"""
_SUPERVISOR = f"""
import os, subprocess, sys
os.environ[{SUPERVISOR!r}] = str(os.getpid())
subprocess.run([sys.executable, "-c", sys.argv[1]])
"""
_PARENT = """
import subprocess, sys
sys.exit(-subprocess.run([sys.executable, "-c", sys.argv[1]]).returncode)
"""


def test_a_worker_stops_its_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that started it gets the signal, and finds the code to exit with."""
    monkeypatch.setenv(EXIT_CODE, str(tmp_path / "exit code"))
    assert exit_code() == 0
    ended = subprocess.run(
        (sys.executable, "-c", _SUPERVISOR, _WORKER),
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGTERM
    assert exit_code() == 78


@pytest.mark.parametrize("supervisor", ["999999999", "", None])
def test_a_worker_whose_supervisor_is_gone_stops_itself(supervisor: str | None) -> None:
    """It signals no other process, such as the first one of the machine."""
    environment = {name: value for name, value in os.environ.items() if name != SUPERVISOR}
    if supervisor is not None:
        environment[SUPERVISOR] = supervisor
    # Its parent must not be this process: a wrong signal would end the tests.
    command = (sys.executable, "-c", _PARENT, _WORKER)
    assert subprocess.run(command, env=environment, check=False).returncode == signal.SIGTERM
