"""Which checkpoints belong to a training, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.training.checkpoints import Checkpoints
from guards.errors import CallError

if TYPE_CHECKING:
    from pathlib import Path

RECORD = {"epochs": 3, "data": "sha256:1", "base": None}


def saved(directory: Path, step: int, *, complete: bool = True) -> Path:
    """Make a checkpoint as the library leaves one, or one that it did not finish."""
    path = directory / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"weights")
    if complete:
        (path / "trainer_state.json").write_text("{}")
    return path


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the directory of a training that was interrupted after two checkpoints."""
    place = tmp_path / ".training-1"
    Checkpoints.of(tmp_path / "1", None, resume=False).record(RECORD)
    saved(place, 90)
    saved(place, 120)
    return place


def test_the_last_complete_checkpoint_is_resumed(directory: Path) -> None:
    """A checkpoint that was being written when the training was killed is not used."""
    saved(directory, 1000, complete=False)

    found = Checkpoints.of(directory.parent / "1", None, resume=True)

    assert found.to_resume() == str(directory / "checkpoint-120")


def test_an_interrupted_training_is_not_overwritten(directory: Path) -> None:
    """Without ``--resume`` the call is refused, and says both ways to go on."""
    with pytest.raises(CallError, match=r"--resume, or delete that directory to start over"):
        Checkpoints.of(directory.parent / "1", None, resume=False)


def test_nothing_to_resume(tmp_path: Path) -> None:
    """``--resume`` without a checkpoint is refused, not started from the beginning."""
    with pytest.raises(CallError, match=r"--resume: there is no checkpoint of a training in .*-1"):
        Checkpoints.of(tmp_path / "1", None, resume=True)


@pytest.mark.parametrize("resume", [False, True])
def test_checkpoints_of_something_else_stay(tmp_path: Path, *, resume: bool) -> None:
    """Checkpoints that another program made are neither resumed, nor overwritten, nor removed."""
    other = saved(tmp_path / "mine", 5)

    with pytest.raises(CallError, match="mine"):
        Checkpoints.of(tmp_path / "1", tmp_path / "mine", resume=resume)

    assert other.is_dir()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("epochs", 5, "epochs was 3, and is 5 now"),
        ("data", "sha256:2", "data was sha256:1, and is sha256:2 now"),
        ("base", "bert", "base was None, and is bert now"),
        ("seed", 1, "seed was None, and is 1 now"),
    ],
)
def test_another_training_is_not_resumed(
    directory: Path, name: str, value: object, said: str
) -> None:
    """A table or an option that changed is named, with both values."""
    found = Checkpoints.of(directory.parent / "1", None, resume=True)

    with pytest.raises(CallError, match=said):
        found.record({**RECORD, name: value})


def test_only_checkpoints_are_removed(directory: Path) -> None:
    """What a tracker or the user put beside the checkpoints stays, else nothing is left."""
    found = Checkpoints.of(directory.parent / "1", None, resume=True)
    for name in ("checkpoint-final", "runs"):
        (directory / name).mkdir()

    found.remove()

    assert sorted(path.name for path in directory.iterdir()) == ["checkpoint-final", "runs"]
    for path in directory.iterdir():
        path.rmdir()
    found.remove()
    assert not directory.exists()
