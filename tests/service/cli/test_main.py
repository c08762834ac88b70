"""The command line's manners: help, exit codes, one line for a wrong call."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.cli.running import exit_code

COMMANDS = (
    *("accelerate", "demo", "diff", "evaluate", "seal", "serve", "sign", "table", "train"),
    "verify",
)
_VERSION = (sys.executable, "-c", "from service.cli import main; main(['--version'])")


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command stands there with a sentence."""
    assert exit_code("--help") == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if line]
    described = {words[0]: words[1] for words in lines if len(words) == 2}
    assert all(described[command].strip() for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has to guess how options go together."""
    assert exit_code(command, "--help") == 0
    printed = capsys.readouterr().out
    assert "Example:" in printed
    assert f"understudy {command}" in printed.partition("Example:")[2]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("perform",), "No such command 'perform'"),
        (("--loudly",), "No such option"),
        (("verify",), "Missing argument"),
        (("serve", "--port", "none"), "'none' is not a valid integer"),
        (("serve", "--port", "70000"), "not in the range"),
    ],
)
def test_a_wrong_call_is_2(
    arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was wrong is on standard error, and nothing on standard output."""
    assert exit_code(*arguments) == 2
    printed = capsys.readouterr()
    assert complaint in printed.err
    assert printed.out == ""


def test_a_port_in_use_is_one_line_and_2(
    champion: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is loaded."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = str(listening.getsockname()[1])
        assert exit_code("serve", "--champion", str(champion), "--port", port) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"understudy: port {port} on 127.0.0.1 is in use; use another --port"
    ]


def test_nobody_is_champion_is_one_line_and_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Serving needs a bundle, and the line says how to name one."""
    monkeypatch.chdir(tmp_path)
    assert exit_code("serve") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("understudy: nobody is champion: set UNDERSTUDY_CHAMPION")


def test_an_unknown_setting_is_one_line_and_2(
    champion: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A typo in the environment does not start a service that ignores it."""
    monkeypatch.setenv("UNDERSTUDY_MAXQUEUE", "5")
    assert exit_code("serve", "--champion", str(champion)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("understudy: UNDERSTUDY_MAXQUEUE is no setting")


def test_verify_passes_a_good_bundle(champion: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, and one JSON document when it is asked for."""
    assert exit_code("verify", str(champion), "--json") == 0
    printed = capsys.readouterr()
    (judged,) = json.loads(printed.out)["bundles"]
    assert (judged["passed"], judged["findings"]) == (True, [])
    assert (judged["name"], judged["version"]) == ("docs", "1")
    assert "passed" in printed.err


def test_verify_of_no_bundle_is_78_with_findings(
    champion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One bad bundle among good ones is enough, and each finding says what to do."""
    code = exit_code("verify", str(champion), str(tmp_path), "--json")
    assert code == 78
    good, bad = json.loads(capsys.readouterr().out)["bundles"]
    assert (good["passed"], bad["passed"]) == (True, False)
    assert set(bad["findings"][0]) == {"code", "subject", "expected", "observed", "remedy"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_does_not_fit_is_one_line_and_2(unbuffered: str) -> None:
    """A full disk is no traceback, whenever the last of the output is written."""
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            _VERSION, stdout=full, stderr=subprocess.PIPE, env=environment, check=False
        )

    assert ended.returncode == 2
    (line,) = ended.stderr.decode().splitlines()
    assert line == "understudy: the output cannot be written: No space left on device"


def test_a_reader_that_has_enough_is_no_error() -> None:
    """A pipe that ``head`` closed ends the command without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(_VERSION, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)

    assert ended.stderr == b""
