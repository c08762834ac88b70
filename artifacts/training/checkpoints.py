"""Where a training keeps its checkpoints, and whether they are of the same training."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transformers.trainer_callback import TrainerState

from guards.errors import CallError

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = ["Checkpoints"]

_PREFIX = "checkpoint-"
_STATE = "trainer_state.json"
_RECORD = "training.json"


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The checkpoints of a training in ``directory``, until its bundle is sealed.

    With ``resume`` the training goes on from the last one.
    """

    directory: Path
    resume: bool = False

    @classmethod
    def of(cls, destination: Path, directory: Path | None, *, resume: bool) -> Checkpoints:
        """Return those in ``directory``, by default a hidden directory beside ``destination``.

        Raises ``CallError`` where there is nothing to resume, or where a training without
        ``resume`` would overwrite checkpoints.
        """
        beside = destination.parent / f".training-{destination.name}"
        found = cls((directory or beside).absolute(), resume)
        ours = (found.directory / _RECORD).is_file()
        last = found.last() if ours else None
        if resume and last is None:
            message = f"--resume: there is no checkpoint of a training in {found.directory}"
            raise CallError(message)
        if not resume and last is not None:
            message = (
                f"{found.directory} has checkpoints of an interrupted training: go on from them "
                "with --resume, or delete that directory to start over"
            )
            raise CallError(message)
        if not ours and found._numbered():
            message = f"{found.directory} has checkpoints of something else; give another directory"
            raise CallError(message)
        return found

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
        ]

    def to_resume(self) -> str | None:
        """Return the checkpoint that the training goes on from; None starts from the beginning."""
        last = self.last() if self.resume else None
        return None if last is None else str(last)

    def epochs_if_finished(self) -> int | None:
        """Return how many epochs the training had, if it was interrupted after the last one."""
        last = self.to_resume()
        if last is None:
            return None
        state = TrainerState.load_from_json(f"{last}/{_STATE}")
        control = state.stateful_callbacks["TrainerControl"]
        finished = control["args"]["should_training_stop"]
        return round(state.epoch or 0) if finished else None

    def record(self, training: JsonObject) -> None:
        """Record what the training is, or compare it with the record of the one to resume.

        Raises ``CallError`` where they differ.
        """
        file = self.directory / _RECORD
        if not self.resume:
            self.directory.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(training, indent=1), encoding="utf-8")
            return
        recorded: JsonObject = json.loads(file.read_text(encoding="utf-8"))
        # Through JSON, as the record went.
        for name, value in json.loads(json.dumps(training)).items():
            if recorded.get(name) != value:
                message = (
                    f"--resume: the checkpoints in {self.directory} are of another training: "
                    f"{name} was {recorded.get(name)}, and is {value} now"
                )
                raise CallError(message)

    def remove(self) -> None:
        """Remove the checkpoints and the record, and the directory if nothing else is in it."""
        for path in self._numbered():
            shutil.rmtree(path)
        (self.directory / _RECORD).unlink(missing_ok=True)
        if not any(self.directory.iterdir()):
            self.directory.rmdir()


def _step(path: Path) -> int:
    """Return the step of a checkpoint."""
    return int(path.name.removeprefix(_PREFIX))
