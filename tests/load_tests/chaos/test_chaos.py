"""The command line of chaos, and what it makes of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from load_tests.chaos import __main__ as chaos
from load_tests.stage import Outcome, Stage, StageError
from load_tests.subject import Subject

if TYPE_CHECKING:
    from pathlib import Path


async def kept(_: Stage) -> Outcome:
    """Be as promised."""
    return Outcome(passed=True, told="20 answered, 0 failed")


async def broken(_: Stage) -> Outcome:
    """Be not."""
    return Outcome(passed=False, told="19 answered, 1 failed")


async def endless(_: Stage) -> Outcome:
    """Wait for what does not happen."""
    message = "waited 120 s for the end of the service"
    raise StageError(message)


@pytest.fixture(autouse=True)
def _scenarios(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let there be three scenarios, which need no service."""
    subject = Subject([], tmp_path, tmp_path, tmp_path, [])
    monkeypatch.setattr(chaos, "make_subject", lambda _: subject)
    monkeypatch.setattr(chaos, "SCENARIOS", {"kept": kept, "broken": broken, "endless": endless})


@pytest.mark.parametrize(
    ("names", "lines", "code"),
    [
        (["kept"], ["pass  kept (0 s): 20 answered, 0 failed"], 0),
        (
            ["broken", "kept"],
            [
                "FAIL  broken (0 s): 19 answered, 1 failed",
                "pass  kept (0 s): 20 answered, 0 failed",
            ],
            1,
        ),
        (["endless"], ["FAIL  endless (0 s): waited 120 s for the end of the service"], 1),
    ],
)
def test_each_scenario_is_a_line(
    names: list[str], lines: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """It passes or fails, with its figures; others run after one that fails."""
    assert chaos.main(names) == code
    assert capsys.readouterr().out.splitlines() == lines


def test_without_names_all_of_them_run(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the list."""
    assert chaos.main([]) == 1
    words = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
    assert words == ["kept", "broken", "endless"]


def test_an_interrupt_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scenarios that had ended have their lines; those after it do not run."""

    async def interrupted(_: Stage) -> Outcome:
        # Not a signal: a shell that starts tests in the background has them ignore it.
        raise KeyboardInterrupt

    scenarios = {"kept": kept, "interrupted": interrupted, "broken": broken}
    monkeypatch.setattr(chaos, "SCENARIOS", scenarios)

    assert chaos.main([]) == 1
    said = capsys.readouterr()
    assert said.out == "pass  kept (0 s): 20 answered, 0 failed\n"
    assert said.err == "chaos: interrupted\n"


def test_an_unknown_name_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    """The line says which names there are."""
    with pytest.raises(SystemExit) as ended:
        chaos.main(["nobody"])
    assert ended.value.code == 2
    assert "kept, broken, endless" in capsys.readouterr().err
