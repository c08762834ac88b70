"""Which process a worker stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from service.lifecycle.supervisor import REFUSAL_MARKER, SUPERVISOR

if TYPE_CHECKING:
    from pathlib import Path

_WORKER = "from service.lifecycle.supervisor import stop_service; stop_service(refused=True)"
_SUPERVISOR = f"""
import os, subprocess, sys
os.environ[{SUPERVISOR!r}] = str(os.getpid())
subprocess.run([sys.executable, "-c", sys.argv[1]])
"""
_PARENT = """
import subprocess, sys
sys.exit(-subprocess.run([sys.executable, "-c", sys.argv[1]]).returncode)
"""


def test_a_worker_stops_its_supervisor(tmp_path: Path) -> None:
    """The process that started it gets the signal, and the file says that it was a refusal."""
    marker = tmp_path / "refused"
    ended = subprocess.run(
        (sys.executable, "-c", _SUPERVISOR, _WORKER),
        env={**os.environ, REFUSAL_MARKER: str(marker)},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGTERM
    assert marker.exists()


@pytest.mark.parametrize("supervisor", ["999999999", "", None])
def test_a_worker_whose_supervisor_is_gone_stops_itself(supervisor: str | None) -> None:
    """It signals no other process, such as the first one of the machine."""
    environment = {name: value for name, value in os.environ.items() if name != SUPERVISOR}
    if supervisor is not None:
        environment[SUPERVISOR] = supervisor
    # Its parent must not be this process: a wrong signal would end the tests.
    command = (sys.executable, "-c", _PARENT, _WORKER)
    assert subprocess.run(command, env=environment, check=False).returncode == signal.SIGTERM
