"""The command line of the soak, and what it leaves where the service fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from load_tests.soak import __main__ as soak
from load_tests.stage import Outcome, StageError
from load_tests.subject import Subject
from tests.load_tests.soak.samples import samples

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from load_tests.soak.sampling import Sample
    from load_tests.stage import Stage


@pytest.fixture(autouse=True)
def _subject(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let there be something to serve, which nobody starts."""
    subject = Subject([], tmp_path, tmp_path, tmp_path, [])
    monkeypatch.setattr(soak, "make_subject", lambda _: subject)


def test_each_thing_that_has_to_hold_is_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plot is beside the samples, in the directory that is named."""

    async def run(_: Stage, __: float, ___: TextIO, taken: list[Sample]) -> dict[str, Outcome]:
        taken += samples()
        return {"p99": Outcome(passed=True, told="+0"), "memory": Outcome(passed=False, told="+9")}

    monkeypatch.setattr(soak, "_soak", run)
    out = tmp_path / "soaked"

    assert soak.main(["--out", str(out)]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed == [f"samples and plot: {out}", "pass  p99: +0", "FAIL  memory: +9"]
    assert sorted(path.name for path in out.iterdir()) == ["samples.jsonl", "soak.svg"]


def test_a_service_that_fails_is_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was sampled until then is plotted."""

    async def run(_: Stage, __: float, ___: TextIO, taken: list[Sample]) -> dict[str, Outcome]:
        taken += samples()[:1]
        message = "the service has no worker"
        raise StageError(message)

    monkeypatch.setattr(soak, "_soak", run)

    assert soak.main(["--out", str(tmp_path)]) == 1
    assert capsys.readouterr().out.endswith("\nFAIL  soak: the service has no worker\n")
    assert (tmp_path / "soak.svg").is_file()


@pytest.mark.parametrize("wrong", [["--minutes", "1"], ["--minutes", "nan"], ["--minutes", "inf"]])
def test_minutes_that_say_nothing_are_a_wrong_call(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says how many there must be."""
    with pytest.raises(SystemExit) as ended:
        soak.main(wrong)

    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith("error: --minutes is 2 or more\n")


def test_samples_are_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory that has some is a wrong call, and keeps them."""
    (tmp_path / "samples.jsonl").write_text("an hour")

    with pytest.raises(SystemExit) as ended:
        soak.main(["--out", str(tmp_path)])

    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: --out {tmp_path}: File exists\n")
    assert (tmp_path / "samples.jsonl").read_text() == "an hour"


def test_a_sample_is_json_with_the_sums_over_processes() -> None:
    """It has what each process holds, too."""
    sample = samples()[0]

    read = json.loads(json.dumps(sample.as_json()))

    parts = read["processes"].values()
    assert read["memory_mib"] == sum(part["memory_mib"] for part in parts)
    assert read["descriptors"] == sum(part["descriptors"] for part in parts)
    assert read["p99_ms"] == sample.p99_ms
