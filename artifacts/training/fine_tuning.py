"""Fine-tune a network with the library's ``Trainer``, and keep the weights of its best epoch."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from sklearn.utils.class_weight import compute_class_weight
from transformers import EarlyStoppingCallback, TrainingArguments
from transformers.integrations.integration_utils import get_available_reporting_integrations
from transformers.utils.import_utils import is_torch_bf16_gpu_available

from artifacts.bundle.inference import padded_logits_of
from artifacts.progress import Progress
from artifacts.sealing.class_bias import fit_class_bias
from artifacts.training.batches import MAX_TOKENS
from artifacts.training.callbacks import SaveRegularly, ShowProgress
from artifacts.training.held_out_figures import held_out_figures
from artifacts.training.trainable import frozen_encoder, whole_network
from artifacts.training.trainer import DocumentTrainer
from guards.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from transformers import TrainerCallback

    from artifacts.bundle.network import DocumentClassifier
    from artifacts.evaluation.encoded_table import EncodedTable
    from artifacts.training.checkpoints import Checkpoints

__all__ = ["FineTuned", "FineTuning", "check_available", "fine_tune", "precision_of"]

_WARM_UP_SHARE = 0.06
_MAX_GRADIENT_NORM = 1.0
_PRETRAINED_RATE = 5e-5
_FRESH_RATE = 5e-4
_FROZEN_EPOCHS_FACTOR = 10
"""Epochs over cached states cost almost nothing, and training only the head needs more."""

_LOGGED_SHARE = 0.01
_LOSS = "eval_log_loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuning:
    """How to train; ``pretrained`` says that the encoder was trained before.

    A step takes ``batch_size`` times ``accumulate`` documents. With ``early_stopping`` the training
    ends after so many epochs without a better one. ``bf16`` computes in bfloat16 with float32
    weights; None does so on a GPU that has it.
    """

    epochs: int
    seed: int
    freeze_encoder: bool
    pretrained: bool
    batch_size: int = 16
    accumulate: int = 1
    balanced: bool = False
    early_stopping: int | None = None
    bf16: bool | None = None
    report_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FineTuned:
    """The epochs that a training had, and the one whose weights were kept, counted from 1.

    ``temperature`` is the one that belongs to the biases of a weighted training; without weights it
    is None, and still to be fitted.
    """

    epochs: int
    best_epoch: int
    temperature: float | None = None


def fine_tune(
    network: DocumentClassifier,
    training: EncodedTable,
    held_out: EncodedTable,
    options: FineTuning,
    checkpoints: Checkpoints,
) -> FineTuned:
    """Fit the network in place, and leave it on the CPU in evaluation mode.

    After each epoch a checkpoint is saved. The weights of the epoch with the lowest log loss on
    the held-out rows are kept, calibrated as it is sealed (Berta et al. 2025): with a temperature
    that is fitted to each epoch. With ``balanced``, the loss weighs a class in inverse proportion
    to its rows; the log loss is then that with the temperature and biases of ``fit_class_bias``.
    The biases of the best epoch become part of the network, and the temperature is returned with
    them. Of several processes, as ``accelerate launch`` starts them, only the first returns.
    Raises ``CallError`` where the outputs of the network are no longer finite, and for a checkpoint
    that cannot be read.
    """
    classes = len(network.config.id2label or {})
    weights = _balanced_weights(training.truth, classes) if options.balanced else None
    with _without_settings_of_accelerate():
        trainer = _train(network, training, held_out, options, checkpoints, weights=weights)
    _leave_the_rest_to_the_first_process(trainer)
    _move(network, torch.device("cpu"))
    network.train(mode=False)
    temperature = None
    if weights is not None:
        logits = padded_logits_of(network, held_out.encodings, MAX_TOKENS)
        temperature, bias = fit_class_bias(logits, held_out.truth, weights)
        _fold_bias(network, temperature, bias)
    losses = [entry[_LOSS] for entry in trainer.state.log_history if _LOSS in entry]
    return FineTuned(len(losses), int(np.argmin(losses)) + 1, temperature)


def precision_of(options: FineTuning) -> Literal["float32", "bfloat16"]:
    """Return what the network computes in while it is trained; its weights are float32."""
    wanted = _has_bf16() if options.bf16 is None else options.bf16
    return "bfloat16" if wanted else "float32"


def check_available(options: FineTuning) -> None:
    """Raise ``CallError`` for a tracker that the library finds unfit, or a GPU without bfloat16."""
    usable = get_available_reporting_integrations()
    for tracker in options.report_to:
        if tracker not in usable:
            known = ", ".join(sorted(usable)) or "none"
            message = f"--report-to {tracker}: the library cannot use it as it is; it can: {known}"
            raise CallError(message)
    if options.bf16 and _has_accelerator() and not is_torch_bf16_gpu_available():
        message = "--bf16: the accelerator of this machine does not compute in bfloat16"
        raise CallError(message)


def _train(  # noqa: PLR0913 (what a training takes)
    network: DocumentClassifier,
    training: EncodedTable,
    held_out: EncodedTable,
    options: FineTuning,
    checkpoints: Checkpoints,
    *,
    weights: NDArray[np.float32] | None,
) -> DocumentTrainer:
    """Fit the network on the device of this machine, and return the trainer when it is done."""
    arguments = _arguments(options, len(training.encodings), checkpoints)
    _move(network, arguments.device)
    trainable = (frozen_encoder if options.freeze_encoder else whole_network)(
        network, training, held_out
    )
    with Progress("training", unit="batches") as progress:
        trainer = DocumentTrainer(
            trainable.module,
            arguments,
            trainable.rows,
            lambda: held_out_figures(trainable.held_out_logits(), held_out.truth, weights),
            class_weights=weights,
            callbacks=_callbacks(options, progress),
        )
        with _checkpoints_in_quick_succession():
            trainer.train(resume_from_checkpoint=checkpoints.to_resume())
    return trainer


@contextlib.contextmanager
def _without_settings_of_accelerate() -> Iterator[None]:
    """Hide the environment's ``ACCELERATE_*``: the options alone say how a network is trained."""
    hidden = {name: value for name, value in os.environ.items() if name.startswith("ACCELERATE_")}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)


def _leave_the_rest_to_the_first_process(trainer: DocumentTrainer) -> None:
    """End every other process that a launcher has started for this training."""
    first = trainer.is_world_process_zero()
    trainer.accelerator.end_training()
    if not first:
        sys.exit()


@contextlib.contextmanager
def _checkpoints_in_quick_succession() -> Iterator[None]:
    """Drop the library's warning that times do not order checkpoints: it then goes by steps."""
    logger = logging.getLogger("transformers.trainer_utils")

    def kept(record: logging.LogRecord) -> bool:
        return "mtime may not be reliable" not in record.getMessage()

    logger.addFilter(kept)
    try:
        yield
    finally:
        logger.removeFilter(kept)


def _callbacks(options: FineTuning, progress: Progress) -> list[TrainerCallback]:
    patience = options.early_stopping
    stopping = [] if patience is None else [EarlyStoppingCallback(patience)]
    return [ShowProgress(progress), SaveRegularly(), *stopping]


def _arguments(options: FineTuning, rows: int, checkpoints: Checkpoints) -> TrainingArguments:
    epochs = options.epochs * (_FROZEN_EPOCHS_FACTOR if options.freeze_encoder else 1)
    steps = -(-rows // (options.batch_size * options.accumulate)) * epochs
    arguments = TrainingArguments(
        output_dir=str(checkpoints.directory),
        num_train_epochs=checkpoints.epochs_if_finished() or epochs,
        per_device_train_batch_size=options.batch_size,
        gradient_accumulation_steps=options.accumulate,
        learning_rate=_PRETRAINED_RATE if options.pretrained else _FRESH_RATE,
        warmup_steps=_WARM_UP_SHARE,
        max_grad_norm=_MAX_GRADIENT_NORM,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model=_LOSS,
        greater_is_better=False,
        restore_callback_states_from_checkpoint=True,
        logging_steps=max(1, round(steps * _LOGGED_SHARE)),
        logging_nan_inf_filter=False,
        label_names=["labels"],
        seed=options.seed,
        bf16=precision_of(options) == "bfloat16",
        use_cpu=not _has_accelerator(),
        report_to="none",
        disable_tqdm=True,
    )
    # Several GPUs are for several processes: DataParallel would copy the network at each step.
    arguments._n_gpu = min(1, arguments.n_gpu)  # noqa: SLF001 (as the library does)
    arguments.report_to = list(options.report_to)
    return arguments


def _has_accelerator() -> bool:
    return torch.accelerator.is_available()


def _has_bf16() -> bool:
    """Return whether there is a GPU that computes in bfloat16, rather than emulating it."""
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)


def _balanced_weights(truth: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Return rows / (classes x rows of the class), float32 [classes] (King and Zeng 2001)."""
    weights = compute_class_weight("balanced", classes=np.arange(classes), y=truth)
    return np.asarray(weights, dtype=np.float32)


def _fold_bias(network: DocumentClassifier, temperature: float, bias: NDArray[np.float64]) -> None:
    """Let the last layer add the biases, to which the temperature is applied afterwards."""
    with torch.no_grad():
        network.output.bias.add_(torch.from_numpy((temperature * bias).astype(np.float32)))


def _move(network: torch.nn.Module, device: torch.device) -> None:
    network.to(device)
