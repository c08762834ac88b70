"""What happens between the steps of a training: progress is shown, and checkpoints are saved."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from transformers import TrainerCallback

if TYPE_CHECKING:
    from collections.abc import Callable

    from transformers import TrainerControl, TrainerState, TrainingArguments

    from artifacts.progress import Progress

__all__ = ["SaveRegularly", "ShowProgress"]

_SAVE_INTERVAL_S = 600.0


class ShowProgress(TrainerCallback):
    """Show the batches that are done, the loss, and the figures of the held-out rows."""

    def __init__(self, progress: Progress) -> None:
        """Show it as ``progress``."""
        self._progress = progress
        self._values: dict[str, str] = {}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Count from where a training starts or goes on."""
        del args, control
        self._progress.restart(state.max_steps, state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Count a step."""
        del args, state, control
        self._progress.update()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        """Show the loss since the last time, or the figures after an epoch."""
        del args, control
        shown = {"loss": "loss", "eval_log_loss": "held_out_loss", "eval_f1": "held_out_f1"}
        self._values["epoch"] = f"{state.epoch or 0:.1f} of {state.num_train_epochs}"
        for name, value in (logs or {}).items():
            if name in shown:
                self._values[shown[name]] = f"{value:.3f}"
        self._progress.note(**self._values)


class SaveRegularly(TrainerCallback):
    """Save a checkpoint every ten minutes, beside those after each epoch."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Tell the time in seconds by ``clock``."""
        self._clock = clock
        self._saved_at = clock()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Ask for a checkpoint when it is time.

        Several processes have to save together, and their clocks differ: they do at each epoch.
        """
        del state
        if args.world_size == 1:
            control.should_save |= self._clock() - self._saved_at > _SAVE_INTERVAL_S

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Count the time from here."""
        del args, state, control
        self._saved_at = self._clock()
