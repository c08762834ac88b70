"""Which checkpoints belong to a training, and what becomes of them."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from artifacts.training.checkpoints import Checkpoints
from guards.errors import CallError

RECORD = {"epochs": 3, "data": "sha256:1", "base": None}
STATE = {
    "epoch": 1.5,
    "stateful_callbacks": {"TrainerControl": {"args": {"should_training_stop": False}}},
}


def saved(directory: Path, step: int, *, complete: bool = True) -> Path:
    """Make a checkpoint as the library leaves one, or one that it did not finish."""
    path = directory / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"weights")
    if complete:
        (path / "trainer_state.json").write_text(json.dumps(STATE))
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
    with pytest.raises(CallError, match=r"--resume, or delete checkpoint-\* and .* to start over"):
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
    """What a tracker or the user put beside the checkpoints stays."""
    found = Checkpoints.of(directory.parent / "1", None, resume=True)
    for name in ("checkpoint-final", "runs"):
        (directory / name).mkdir()

    found.remove()

    assert sorted(path.name for path in directory.iterdir()) == ["checkpoint-final", "runs"]


def test_nothing_is_left_of_a_directory_that_was_made_for_checkpoints(directory: Path) -> None:
    """With the checkpoints goes what they were in."""
    found = Checkpoints.of(directory.parent / "1", None, resume=True)

    found.remove()

    assert not directory.exists()
    found.remove()


FOREIGN = ("training.json", "trainer_state.json", "notes.txt", "checkpoints", "my-checkpoint-3")


@pytest.mark.parametrize("sealed", [False, True])
def test_files_of_others_stay_as_they_are(tmp_path: Path, *, sealed: bool) -> None:
    """Whether the training ends or fails, a directory that was there keeps what was in it."""
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in FOREIGN:
        (mine / name).write_text("precious")
    found = Checkpoints.of(tmp_path / "1", mine, resume=False)

    with contextlib.suppress(OSError), found.until_sealed(RECORD):
        if not sealed:
            raise OSError
        saved(mine, 4)

    assert {path.name: path.read_text() for path in mine.iterdir()} == dict.fromkeys(
        FOREIGN, "precious"
    )


def test_an_empty_directory_that_was_there_stays(tmp_path: Path) -> None:
    """Only what a training made does it remove, also where an earlier try was killed."""
    mine = tmp_path / "mine"
    mine.mkdir()
    Checkpoints.of(tmp_path / "1", mine, resume=False).record(RECORD)

    with Checkpoints.of(tmp_path / "1", mine, resume=False).until_sealed(RECORD):
        saved(mine, 4)

    assert [*mine.iterdir()] == []


@pytest.mark.parametrize(
    "name", ["checkpoint-7-best", "checkpoint-", "checkpoint-x", "checkpoint-7"]
)
@pytest.mark.parametrize("kind", ["directory", "file", "link"])
def test_what_the_library_could_take_for_a_checkpoint(tmp_path: Path, name: str, kind: str) -> None:
    """It removes old checkpoints by the start of their names; such a directory is refused."""
    mine, target = tmp_path / "mine", tmp_path / "target"
    mine.mkdir()
    target.mkdir()
    if kind == "directory":
        (mine / name).mkdir()
    elif kind == "file":
        (mine / name).write_text("precious")
    else:
        (mine / name).symlink_to(target)

    with pytest.raises(CallError, match=f"{name}: is no checkpoint of this training"):
        Checkpoints.of(tmp_path / "1", mine, resume=False)


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt(), CallError("no")])
def test_an_empty_directory_is_not_left_behind(tmp_path: Path, error: BaseException) -> None:
    """A training that ends before its first complete checkpoint has nothing to go on from."""
    found = Checkpoints.of(tmp_path / "1", None, resume=False)

    with contextlib.suppress(type(error)), found.until_sealed(RECORD):
        saved(found.directory, 3, complete=False)
        raise error

    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_checkpoints_of_a_training_that_failed_stay(
    tmp_path: Path, error: type[BaseException]
) -> None:
    """It can go on from them."""
    found = Checkpoints.of(tmp_path / "1", None, resume=False)

    with contextlib.suppress(error), found.until_sealed(RECORD):
        saved(found.directory, 3)
        raise error

    assert Checkpoints.of(tmp_path / "1", None, resume=True).last() == found.last()


@pytest.mark.parametrize(
    "place", ["out", "out/checkpoints", "out/deep/er", "other/../out", "link/in"]
)
def test_checkpoints_in_the_bundle_are_refused(tmp_path: Path, place: str) -> None:
    """A bundle holds nothing but what is sealed, and is made at once."""
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "out")
    with pytest.raises(CallError, match="is --out, or inside of it"):
        Checkpoints.of(tmp_path / "out", tmp_path / place, resume=False)


@pytest.mark.parametrize("out", ["checkpoint-7", "checkpoint-7/1"])
def test_a_bundle_among_the_checkpoints_is_refused(tmp_path: Path, out: str) -> None:
    """It would be removed with them."""
    with pytest.raises(CallError, match="has the name of a checkpoint"):
        Checkpoints.of(tmp_path / "made" / out, tmp_path / "made", resume=False)
    Checkpoints.of(tmp_path / "made" / "reviews" / "1", tmp_path / "made", resume=False)


@pytest.mark.parametrize("place", ["file", "file/below", "file/far/below"])
def test_checkpoints_where_no_directory_can_be(tmp_path: Path, place: str) -> None:
    """A file in the way is named."""
    (tmp_path / "file").write_text("precious")
    with pytest.raises(CallError, match=f"{place}: {tmp_path / 'file'} is no directory"):
        Checkpoints.of(tmp_path / "1", tmp_path / place, resume=False)


@pytest.mark.parametrize("place", ["/proc/checkpoints", f"/tmp/{'a' * 300}"])  # noqa: S108 (none is made)
def test_checkpoints_where_nothing_can_be_made(tmp_path: Path, place: str) -> None:
    """Whatever the operating system has against it is said in one line."""
    with pytest.raises(CallError, match=f"^--checkpoints {place}: (cannot|nothing)[^\n]*$"):
        Checkpoints.of(tmp_path / "1", Path(place), resume=False).record(RECORD)


DAMAGED = ("", "{", "[]", "null", '"text"', "{}", "\udc80")


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_state_is_told(directory: Path, text: str) -> None:
    """The file is named, and what to delete; nothing is trained before."""
    state = directory / "checkpoint-120" / "trainer_state.json"
    state.write_text(text, errors="surrogateescape")
    with pytest.raises(CallError, match=r"trainer_state.json: is damaged .*; delete .*-120, and "):
        Checkpoints.of(directory.parent / "1", None, resume=True)


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_record_is_told(directory: Path, text: str) -> None:
    """Without it nobody knows which training the checkpoints are of."""
    (directory / "understudy-training.json").write_text(text, errors="surrogateescape")
    with pytest.raises(
        CallError, match=r"understudy-training.json: is damaged .*; delete it, and "
    ):
        Checkpoints.of(directory.parent / "1", None, resume=True)
