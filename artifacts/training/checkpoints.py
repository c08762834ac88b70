"""Where a training keeps its checkpoints, and whether they are of the same training."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from artifacts.training.launcher import is_first_process
from guards.errors import CallError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = ["Checkpoints"]

_PREFIX = "checkpoint-"
_STATE = "trainer_state.json"
_RECORD = "understudy-training.json"
_TRAINING = "understudy_training"
_MADE = "made_directory"


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The checkpoints of a training in ``directory``, until its bundle is sealed.

    With ``resume`` the training goes on from the last one. A record beside them says which training
    they are of. Nothing else in the directory is written or removed.
    """

    directory: Path
    resume: bool = False

    @classmethod
    def of(cls, destination: Path, directory: Path | None, *, resume: bool) -> Checkpoints:
        """Return those in ``directory``, by default a hidden directory beside ``destination``.

        Raises ``CallError`` where no checkpoint can be kept there, where there is nothing to
        resume, or it is damaged, and where a training without ``resume`` would overwrite
        checkpoints.
        """
        beside = destination.parent / f".training-{destination.name}"
        found = cls((directory or beside).absolute(), resume)
        try:
            found._check_place(destination)
            found._check_contents()
        except OSError as error:
            raise CallError(found._unusable(error)) from error
        return found

    def _check_place(self, destination: Path) -> None:
        """Raise ``CallError`` where checkpoints would be a bundle, or a bundle a checkpoint."""
        ours, bundle = self.directory.resolve(), destination.resolve()
        if ours.is_relative_to(bundle):
            message = f"--checkpoints {self.directory}: is --out, or inside of it; keep them apart"
            raise CallError(message)
        if bundle.is_relative_to(ours) and bundle.relative_to(ours).parts[0].startswith(_PREFIX):
            message = f"--out {destination}: has the name of a checkpoint in {self.directory}"
            raise CallError(message)
        above = next(path for path in (ours, *ours.parents) if path.exists())
        if not above.is_dir():
            message = f"--checkpoints {self.directory}: {above} is no directory"
            raise CallError(message)
        if not os.access(above, os.W_OK | os.X_OK):
            message = f"--checkpoints {self.directory}: nothing can be written in {above}"
            raise CallError(message)

    def _check_contents(self) -> None:
        """Raise ``CallError`` where this training can neither begin nor go on with what is there.

        The library removes old checkpoints by the start of their names, whoever made them.
        """
        ours = (self.directory / _RECORD).exists()
        own = self._numbered() if ours else []
        for path in sorted(self.directory.glob(f"{_PREFIX}*")):
            if path not in own:
                message = f"{path}: is no checkpoint of this training; give another --checkpoints"
                raise CallError(message)
        last = self.last() if ours else None
        if self.resume and last is None:
            message = (
                f"--resume: there is no checkpoint of a training in {self.directory}; leave out "
                "--resume to start one"
            )
            raise CallError(message)
        if not self.resume and last is not None:
            message = (
                f"{self.directory} has checkpoints of an interrupted training: go on from them "
                f"with --resume, or delete {_PREFIX}* and {_RECORD} there to start over"
            )
            raise CallError(message)
        if ours:
            self._recorded()
            self.epochs_if_finished()

    def last(self) -> Path | None:
        """Return the last checkpoint that was saved completely."""
        # The library writes the state last.
        complete = [path for path in self._numbered() if (path / _STATE).is_file()]
        return max(complete, key=_step, default=None)

    def _numbered(self) -> list[Path]:
        return [
            path
            for path in self.directory.glob(f"{_PREFIX}*")
            if path.name.removeprefix(_PREFIX).isdecimal()
            and path.is_dir()
            and not path.is_symlink()
        ]

    def to_resume(self) -> str | None:
        """Return the checkpoint that the training goes on from; None starts from the beginning."""
        last = self.last() if self.resume else None
        return None if last is None else str(last)

    def epochs_if_finished(self) -> int | None:
        """Return how many epochs the training had, if it was interrupted after the last one.

        Raises ``CallError`` where the state of the last checkpoint cannot be read.
        """
        last = self.last() if self.resume else None
        if last is None:
            return None
        with _damage_told(last / _STATE, f"delete {last}"):
            state = _read_json(last / _STATE)
            control = state["stateful_callbacks"]["TrainerControl"]
            finished = bool(control["args"]["should_training_stop"])
            epochs = round(float(state["epoch"]))
        return epochs if finished else None

    def record(self, training: JsonObject) -> None:
        """Record what the training is, or compare it with the record of the one to resume.

        Raises ``CallError`` where they differ, or where the record cannot be read or written.
        """
        if not self.resume:
            if is_first_process():
                self._write(training)
            return
        recorded = self._recorded()[_TRAINING]
        # Through JSON, as the record went.
        for name, value in json.loads(json.dumps(training)).items():
            if recorded.get(name) != value:
                message = (
                    f"--resume: the checkpoints in {self.directory} are of another training: "
                    f"{name} was {recorded.get(name)}, and is {value} now"
                )
                raise CallError(message)

    def _write(self, training: JsonObject) -> None:
        file = self.directory / _RECORD
        try:
            made = self._recorded()[_MADE] if file.exists() else not self.directory.exists()
            self.directory.mkdir(parents=True, exist_ok=True)
            record = {_TRAINING: training, _MADE: made}
            # At once, since other processes of this training read it.
            partial = file.with_suffix(".partial")
            partial.write_text(json.dumps(record, indent=1), encoding="utf-8")
            partial.replace(file)
        except OSError as error:
            raise CallError(self._unusable(error)) from error

    def _unusable(self, error: OSError) -> str:
        return f"--checkpoints {self.directory}: cannot be used: {error.strerror}"

    def _recorded(self) -> dict[str, Any]:
        """Return what a training recorded, and whether it made the directory."""
        file = self.directory / _RECORD
        with _damage_told(file, f"delete it, and {_PREFIX}* beside it"):
            recorded = _read_json(file)
            return {_TRAINING: dict(recorded[_TRAINING]), _MADE: bool(recorded[_MADE])}

    @contextlib.contextmanager
    def until_sealed(self, training: JsonObject) -> Iterator[None]:
        """Record the training, and remove record and checkpoints once its bundle is sealed.

        Where it fails, they are kept if there is a checkpoint to go on from. Raises ``CallError``
        as ``record`` does.
        """
        self.record(training)
        try:
            yield
        except (Exception, KeyboardInterrupt):
            if is_first_process() and self.last() is None:
                self.remove()
            raise
        self.remove()

    def remove(self) -> None:
        """Remove the checkpoints and the record, and the directory that was made for them.

        The directory stays if anything else is in it, and all of it where there is no record.
        """
        if not (self.directory / _RECORD).exists():
            return
        made = self._recorded()[_MADE]
        for path in self._numbered():
            shutil.rmtree(path)
        (self.directory / _RECORD).unlink()
        if made and not any(self.directory.iterdir()):
            self.directory.rmdir()


@contextlib.contextmanager
def _damage_told(file: Path, remedy: str) -> Iterator[None]:
    """Raise ``CallError`` where what is in ``file`` is not what was written there."""
    try:
        yield
    except (OSError, ValueError, TypeError, KeyError) as error:
        message = f"{file}: is damaged ({first_line(error)}); {remedy}, and call again"
        raise CallError(message) from error


def _read_json(file: Path) -> Any:  # noqa: ANN401 (what is in a file is to be seen)
    return json.loads(file.read_text(encoding="utf-8"))


def _step(path: Path) -> int:
    """Return the step of a checkpoint."""
    return int(path.name.removeprefix(_PREFIX))
