"""The unit: valid for systemd, and at one with the code that it starts."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from service.exit_codes import ExitCode
from service.settings import Settings, read_settings
from tests.deploy.files import DEPLOY, PAGE, SUPERVISOR_S, blocks, serve_options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UNIT = (DEPLOY / "systemd" / "understudy.service").read_text(encoding="utf-8")


def _directives(text: str) -> Mapping[str, list[str]]:
    """Return all values of each directive; no two sections have one of the same name."""
    found = defaultdict(list)
    for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        found[name].append(value)
    return found


DIRECTIVES = _directives(UNIT)


def test_systemd_understands_it(tmp_path: Path) -> None:
    """Nothing is unknown or ignored, once what it starts is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    (drop_in,) = blocks("ini")
    unit = tmp_path / "understudy.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT))
    (tmp_path / "understudy.service.d").mkdir()
    (tmp_path / "understudy.service.d" / "override.conf").write_text(drop_in)

    verified = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )

    about_it = [line for line in verified.stderr.splitlines() if "understudy" in line]
    assert (verified.returncode, about_it) == (0, [])


def test_what_another_start_would_repeat_is_not_started_again() -> None:
    """A wrong setting and a refusal stay; every other failure is started again."""
    codes = {int(code) for code in DIRECTIVES["RestartPreventExitStatus"][0].split()}

    assert codes == {ExitCode.WRONG_CALL, ExitCode.GUARD_REFUSED}
    assert DIRECTIVES["Restart"] == ["on-failure"]


def test_a_stop_before_it_is_ready_is_no_failure() -> None:
    """The code is that of SIGTERM."""
    assert DIRECTIVES["SuccessExitStatus"] == [str(128 + signal.SIGTERM)]


def test_a_stop_has_its_time() -> None:
    """It covers what the service keeps to, and what its supervisor adds; then all are killed."""
    assert DIRECTIVES["TimeoutStopSec"] == [f"{Settings().stop_s + SUPERVISOR_S:.0f}"]
    assert DIRECTIVES["KillMode"] == ["mixed"]
    assert f"`TimeoutStopSec={DIRECTIVES['TimeoutStopSec'][0]}`" in PAGE
    assert f"--stop-timeout {DIRECTIVES['TimeoutStopSec'][0]} " in PAGE


def test_its_variables_are_settings(tmp_path: Path) -> None:
    """Roles and keys are found where the page puts them, and the log where it may be written."""
    (tmp_path / "understudy").mkdir()
    roles = tmp_path / "understudy" / "roles.json"
    roles.write_text('{"champion": "docs/1", "challengers": []}', encoding="utf-8")
    places = {"%E": str(tmp_path), "%L": "/var/log", "%d": "/run/credentials", "%S": "/var/lib"}
    variables = dict(
        re.sub("%.", lambda found: places[found[0]], pair).split("=", 1)
        for pair in DIRECTIVES["Environment"]
    )

    settings = read_settings(variables)

    assert settings.champion == str(tmp_path / "understudy" / "docs" / "1")
    assert str(settings.log_file) in PAGE
    (credential,) = DIRECTIVES["LoadCredential"]
    assert credential == "keys.json:%E/understudy/keys.json"
    assert str(settings.api_keys_file) == "/run/credentials/keys.json"
    assert variables["HOME"] == f"/var/lib/{DIRECTIVES['StateDirectory'][0]}"
    assert {*DIRECTIVES["LogsDirectory"], *DIRECTIVES["StateDirectory"]} == {"understudy"}


def test_what_it_starts_is_where_the_page_installs_it() -> None:
    """The command is one of the service's, on the loopback interface."""
    program, *arguments = DIRECTIVES["ExecStart"][0].split()
    (steps,) = (text for text in blocks("sh") if "systemctl enable" in text)

    assert serve_options(["understudy", *arguments])["host"] == "127.0.0.1"
    assert steps.startswith(f"python3 -m venv {program.removesuffix('/bin/understudy')}\n")


def test_the_unit_writes_in_its_own_places_alone() -> None:
    """Its user exists while it runs, gains no rights, and sees no home."""
    for name in ("DynamicUser", "NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert DIRECTIVES[name] == ["yes"]
    assert DIRECTIVES["ProtectSystem"] == ["strict"]
    assert DIRECTIVES["CapabilityBoundingSet"] == [""]
