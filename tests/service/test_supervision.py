"""A supervisor opens no port besides the service's, and a worker notices one that does."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from service.supervision import unexpected_ports

if TYPE_CHECKING:
    from pathlib import Path

CIRCUS = """
import json, socket, sys, psutil
from bentoml._internal.utils.circus import create_standalone_arbiter
from service.supervision import confine_supervisor

if sys.argv[1] == "closed":
    confine_supervisor(lambda: 0, 25)
full_name = socket.getfqdn
arbiter = create_standalone_arbiter([], **json.loads(sys.argv[2]))
assert socket.getfqdn is full_name
arbiter.initialize()
arbiter.ctrl.initialize()
listening = [c for c in psutil.Process().net_connections("all") if c.laddr]
print(len(listening), len(arbiter.watchers))
"""

WORKER = "from service.supervision import unexpected_ports; print(unexpected_ports())"
SUPERVISOR = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1]], close_fds=sys.argv[2] == "alone", check=True)
"""


def _supervise(state: str, options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CIRCUS, state, options],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "options",
    ["{}", '{"multicast_endpoint": "udp://237.219.251.97:12027"}', '{"statsd": true}'],
)
def test_a_supervisor_listens_nowhere(options: str) -> None:
    """Neither for commands nor to publish figures, nor to be found by others.

    Nor does it start a process of circus's own, which would.
    """
    assert _supervise("closed", options).stdout.split() == ["0", "0"]


def test_what_is_closed_would_be_open() -> None:
    """As the framework starts it, the supervisor listens on two ports."""
    assert _supervise("open", "{}").stdout.split() == ["2", "0"]


def test_a_plugin_that_needs_the_port_is_a_wrong_call() -> None:
    """Reloading is done by a process that sends commands; the line says what to do instead."""
    ended = _supervise("closed", '{"plugins": [{"use": "bentoml"}]}')
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("understudy: --reload needs a control port")


ENDING = """
import signal, sys
from bentoml._internal.utils.circus import create_standalone_arbiter
from service.supervision import confine_supervisor

confine_supervisor(lambda: int(sys.argv[1]), 25)
arbiter = create_standalone_arbiter([])
def end(_):
    signal.raise_signal(signal.SIGHUP)
    arbiter.loop.call_later(0.1, arbiter.loop.stop)
arbiter.start(cb=end)
print("ended")
"""


@pytest.mark.parametrize(("code", "printed"), [(0, "ended\n"), (1, ""), (78, "")])
def test_a_supervisor_ends_with_the_code_of_its_worker(code: int, printed: str) -> None:
    """However it was started; a hang-up before that changes nothing."""
    ended = subprocess.run(
        [sys.executable, "-c", ENDING, str(code)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (code, printed)
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_worker_finds_the_ports_that_its_parent_alone_listens_on(
    host: str, *, shared: bool
) -> None:
    """The service's own port is open in both, so that it is not among them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        listening.set_inheritable(True)
        port = listening.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-c", SUPERVISOR, WORKER, "shared" if shared else "alone"],
            close_fds=False,
            capture_output=True,
            text=True,
            check=True,
        )
    assert ended.stdout.strip() == ("[]" if shared else f"['{host}:{port}']")


def test_a_system_that_does_not_tell_ports_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Without ``/proc`` the service starts, and says what was not looked at."""
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))

    assert unexpected_ports() == []
    assert "does not tell which ports" in capsys.readouterr().err
