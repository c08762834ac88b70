"""What happens between the steps of a training."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from artifacts.training.callbacks import SaveRegularly
from tests.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("passed_s", "saves"), [(1.0, False), (599.0, False), (601.0, True)])
def test_a_long_epoch_is_saved_on_the_way(tmp_path: Path, passed_s: float, *, saves: bool) -> None:
    """A checkpoint is asked for ten minutes after the last one, and not before."""
    clock = Clock()
    callback = SaveRegularly(clock.monotonic)
    arguments = TrainingArguments(str(tmp_path), use_cpu=True)
    clock.now += 3600.0
    callback.on_save(arguments, TrainerState(), TrainerControl())
    clock.now += passed_s

    callback.on_step_end(arguments, TrainerState(), control := TrainerControl())

    assert control.should_save is saves


def test_several_processes_save_at_epochs_only() -> None:
    """Each has a clock of its own, and one that saves alone would wait for the others forever."""
    clock = Clock()
    callback = SaveRegularly(clock.monotonic)
    clock.now += 3600.0

    control = TrainerControl()
    callback.on_step_end(SimpleNamespace(world_size=2), TrainerState(), control)  # type: ignore[arg-type]

    assert not control.should_save
