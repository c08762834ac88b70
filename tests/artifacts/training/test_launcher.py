"""Variables of a launcher that are only half there."""

from __future__ import annotations

import pytest

from artifacts.training.launcher import check_launcher, is_first_process
from guards.errors import CallError

WHOLE = {
    "RANK": "1",
    "LOCAL_RANK": "1",
    "WORLD_SIZE": "2",
    "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "29500",
}


@pytest.mark.parametrize(
    "given",
    [
        {"LOCAL_RANK": "0"},
        {"RANK": "0"},
        {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1"},
        {name: value for name, value in WHOLE.items() if name != "MASTER_PORT"},
        {name: value for name, value in WHOLE.items() if name != "WORLD_SIZE"},
    ],
)
def test_half_a_launcher_is_refused(given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lacking, what to unset, and how to start several processes is said."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(CallError) as refused:
        check_launcher()

    said = str(refused.value)
    assert all(name in said for name in WHOLE)
    assert f"unset {' '.join(given)}, or" in said
    assert "accelerate launch" in said


def test_a_rank_that_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable and its value are named."""
    monkeypatch.setenv("RANK", "first")
    with pytest.raises(CallError, match="RANK='first' in the environment is no number"):
        check_launcher()


@pytest.mark.parametrize(
    "given", [{}, WHOLE, {"WORLD_SIZE": "1"}, {"LOCAL_RANK": "-1"}, {"MASTER_ADDR": "host"}]
)
def test_usual_environments_are_taken(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process, a whole launcher, and what many machines have set anyway."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    check_launcher()
    assert is_first_process() is (given != WHOLE)
