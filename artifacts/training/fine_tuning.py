"""Fine-tune a network with the library's ``Trainer``, and keep the weights of its best epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.special import log_softmax
from sklearn.metrics import f1_score
from sklearn.utils.class_weight import compute_class_weight
from transformers import EarlyStoppingCallback, TrainingArguments

from artifacts.bundle.inference import about_as_long, columns_of, padded, padded_logits_of
from artifacts.progress import Progress
from artifacts.sealing.calibrate import fit_temperature
from artifacts.sealing.class_bias import fit_class_bias
from artifacts.training.batches import MAX_TOKENS, Documents, PooledStates
from artifacts.training.callbacks import SaveRegularly, ShowProgress
from artifacts.training.trainer import DocumentTrainer, Head, WholeNetwork
from guards.errors import CallError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from transformers import TrainerCallback

    from artifacts.bundle.network import DocumentClassifier
    from artifacts.evaluation.encoded_table import EncodedTable
    from artifacts.training.batches import Rows
    from artifacts.training.checkpoints import Checkpoints

__all__ = ["FineTuned", "FineTuning", "fine_tune"]

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
    """The epochs that a training had, and the one whose weights were kept, counted from 1."""

    epochs: int
    best_epoch: int


def fine_tune(
    network: DocumentClassifier,
    training: EncodedTable,
    held_out: EncodedTable,
    options: FineTuning,
    checkpoints: Checkpoints,
) -> FineTuned:
    """Fit the network in place, and leave it on the CPU in evaluation mode.

    After each epoch a checkpoint is saved. The weights of the epoch with the lowest log loss on
    the held-out rows are kept, once a temperature is fitted to each (Berta et al. 2025): the
    temperature is what sealing fits. With ``balanced``, the loss weighs a class in inverse
    proportion to its rows; the log loss is then that after ``fit_class_bias``, which becomes part
    of the network. Raises ``CallError`` for options that this machine does not have, and where the
    outputs of the network are no longer finite.
    """
    classes = len(network.config.id2label or {})
    weights = _balanced_weights(training.truth, classes) if options.balanced else None
    arguments = _arguments(options, len(training.encodings), checkpoints)
    _move(network, arguments.device)
    if options.freeze_encoder:
        states, others = (_pooled_states(network, rows) for rows in (training, held_out))
        rows: Rows = PooledStates(training, states)
        model: Head | WholeNetwork = Head(network)
        logits = _head_logits(network, others, columns_of(held_out.encodings))
    else:
        rows, model = Documents(training), WholeNetwork(network)
        logits = _network_logits(network, held_out)
    with Progress("training", unit="batches") as progress:
        callbacks: list[TrainerCallback] = [ShowProgress(progress), SaveRegularly()]
        if options.early_stopping is not None:
            callbacks.append(EarlyStoppingCallback(options.early_stopping))
        trainer = DocumentTrainer(
            model,
            arguments,
            rows,
            lambda: _figures(logits(), held_out.truth, weights),
            class_weights=weights,
            callbacks=callbacks,
        )
        last = checkpoints.last() if checkpoints.resume else None
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
    _move(network, torch.device("cpu"))
    network.train(mode=False)
    if weights is not None:
        _fold_bias(network, *fit_class_bias(logits(), held_out.truth, weights))
    losses = [entry[_LOSS] for entry in trainer.state.log_history if _LOSS in entry]
    return FineTuned(len(losses), int(np.argmin(losses)) + 1)


def _arguments(options: FineTuning, rows: int, checkpoints: Checkpoints) -> TrainingArguments:
    epochs = options.epochs * (_FROZEN_EPOCHS_FACTOR if options.freeze_encoder else 1)
    steps = -(-rows // (options.batch_size * options.accumulate)) * epochs
    try:
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
            bf16=_has_bf16() if options.bf16 is None else options.bf16,
            use_cpu=not torch.accelerator.is_available(),
            report_to="none",
            disable_tqdm=True,
        )
    except ValueError as error:
        message = f"this machine cannot train so: {first_line(error)}"
        raise CallError(message) from None
    # Several GPUs are for several processes: DataParallel would copy the network at each step.
    arguments._n_gpu = min(1, arguments.n_gpu)  # noqa: SLF001 (as the library does)
    arguments.report_to = list(options.report_to)
    return arguments


def _has_bf16() -> bool:
    """Return whether there is a GPU that computes in bfloat16, rather than emulating it."""
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)


def _balanced_weights(truth: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Return rows / (classes x rows of the class), float32 [classes] (King and Zeng 2001)."""
    weights = compute_class_weight("balanced", classes=np.arange(classes), y=truth)
    return np.asarray(weights, dtype=np.float32)


def _figures(
    logits: NDArray[np.float32], truth: NDArray[np.int64], weights: NDArray[np.float32] | None
) -> dict[str, float]:
    """Return log loss and macro F1 of calibrated answers to the held-out rows."""
    if not np.isfinite(logits).all():
        message = "the training diverged: the outputs of the network are no longer finite numbers"
        raise CallError(message)
    if weights is None:
        calibrated = logits / np.float32(fit_temperature(logits, truth))
    else:
        temperature, bias = fit_class_bias(logits, truth, weights)
        calibrated = (logits / temperature + bias).astype(np.float32)
    log_probabilities = log_softmax(calibrated.astype(np.float64), axis=1)
    answers = calibrated.argmax(axis=1)
    return {
        "log_loss": -float(log_probabilities[np.arange(len(truth)), truth].mean()),
        "f1": float(f1_score(truth, answers, average="macro", zero_division=0.0)),
    }


def _fold_bias(network: DocumentClassifier, temperature: float, bias: NDArray[np.float64]) -> None:
    """Let the last layer add the biases, to which the temperature is applied afterwards."""
    with torch.no_grad():
        network.output.bias.add_(torch.from_numpy((temperature * bias).astype(np.float32)))


def _move(network: torch.nn.Module, device: torch.device) -> None:
    network.to(device)


def _network_logits(
    network: DocumentClassifier, held_out: EncodedTable
) -> Callable[[], NDArray[np.float32]]:
    return lambda: padded_logits_of(network, held_out.encodings, MAX_TOKENS)


def _head_logits(
    network: DocumentClassifier, states: torch.Tensor, columns: torch.Tensor
) -> Callable[[], NDArray[np.float32]]:
    def logits() -> NDArray[np.float32]:
        device = network.output.weight.device
        with torch.no_grad():
            output = network.classify(states.to(device), columns.to(device))
        return output.cpu().numpy()

    return logits


def _pooled_states(network: DocumentClassifier, rows: EncodedTable) -> torch.Tensor:
    """Run the frozen encoder once over every row; float32 [rows, hidden]."""
    network.train(mode=False)
    device = network.output.weight.device
    states = torch.empty((len(rows.encodings), network.join.out_features))
    with torch.no_grad(), Progress("encoding", len(rows.encodings)) as progress:
        for indices in about_as_long(rows.encodings, MAX_TOKENS):
            group = [rows.encodings[index] for index in indices]
            ids, mask = padded(group)
            pooled = network.pool(ids.to(device), mask.to(device))
            states[indices] = pooled.reshape(len(group), -1, pooled.shape[1]).mean(dim=1).cpu()
            progress.update(len(group))
    return states
