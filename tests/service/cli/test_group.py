"""The command line's manners: help, exit codes, one line for a wrong call."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest

from service import processors
from service.cli.group import understudy
from tests.service.cli.running import exit_code

COMMANDS = understudy.list_commands(click.Context(understudy))
_ROOT = Path(__file__).parents[3]
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


_SLOW_IMPORTS = ("torch", "transformers", "sklearn", "pandas", "scipy", "duckdb", "bentoml")
_WITHOUT_WORK = """
import contextlib, io, json, sys
from service.cli import main
for call in json.load(sys.stdin):
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main(call)
print(json.dumps(sorted(sys.modules)))
"""


def test_help_and_wrong_calls_import_nothing_slow(tmp_path: Path) -> None:
    """They are answered at once, since none of the libraries that work takes seconds to import."""
    table, out = tmp_path / "table.csv", str(tmp_path / "reviews" / "1")
    table.write_text("text,label,city\n" + "".join(f"good,{row},rome\n" for row in range(50)))
    train = ["train", str(table), "--text", "text", "--label"]
    calls = [
        *([command, "--help"] for command in COMMANDS),
        *([command, "--loudly"] for command in COMMANDS),
        ["table", str(table), "--text", "text", "--label", "label", "--categorical", "city"],
        [*train, "city", "--out", "x"],
        [*train, "city", "--out", str(tmp_path)],
        [*train, "city", "--epochs", "none", "--out", out],
        [*train, "city", "--freeze-encoder", "--out", out],
        [*train, "city", "--base", str(tmp_path / "none"), "--out", out],
        [*train, "city", "--resume", "--out", out],
        [*train, "city", "--checkpoints", out, "--out", out],
        [*train, "city", "--checkpoints", str(table), "--out", out],
        [*train, "city", "--report-to", "all", "--out", out],
        [*train, "city", "--report-to", "wandb", "--out", out],
        [*train, "city", "--report-to", "none", "--report-to", "wandb", "--out", out],
        [*train, "town", "--out", out],
        [*train, "text", "--out", out],
        [*train, "label", "--out", out],
        [*train, "label", "--numeric", "city", "--out", out],
        ["evaluate", str(table), str(tmp_path)],
    ]
    ended = subprocess.run(
        (sys.executable, "-c", _WITHOUT_WORK),
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\nunderstudy: ") == 16
    assert not set(json.loads(ended.stdout)) & {*_SLOW_IMPORTS}


@pytest.mark.parametrize("out", ["x", "./x", "../x"])
def test_a_bundle_is_not_named_after_the_current_directory(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where only a version is given, the one line says what is missing."""
    monkeypatch.chdir(tmp_path)
    assert exit_code("train", "t.csv", "--text", "a", "--label", "b", "--out", out) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"understudy: --out {out.removeprefix('./')}: says the version and not the name; give "
        "both, as reviews/x, or add --name"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a directory in use cannot be deleted there")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--help"], 0, "Usage: understudy"),
        (["verify", "a"], 2, "understudy: the current directory was deleted"),
        (["serve", "--champion", "a"], 2, "understudy: the current directory was deleted"),
    ],
)
def test_a_deleted_directory_is_one_line(
    tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    """No path can be looked up there; the help needs none."""
    (gone := tmp_path / "gone").mkdir()
    run = f"rmdir {gone}; exec {sys.executable} -P -c 'from service.cli import main; main()' "
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}

    ended = subprocess.run(
        ["/bin/sh", "-c", run + " ".join(arguments)],
        cwd=gone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == code
    assert (ended.stdout + ended.stderr).startswith(said)
    assert "Traceback" not in ended.stderr


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


def test_libraries_keep_to_the_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told before a command imports them: they do not see it themselves."""
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {*range(8)}, raising=False)
    monkeypatch.setattr(processors, "cpu_quota", lambda _root: 1.5)

    assert exit_code("--version") == 0

    assert os.environ["OMP_NUM_THREADS"] == "2"
