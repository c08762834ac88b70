"""The library's ``Trainer`` on encoded documents."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer
from transformers.trainer_callback import PrinterCallback

from artifacts.training.batches import SimilarLengths
from guards.errors import CallError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from transformers import TrainerCallback, TrainingArguments

    from artifacts.training.batches import Rows

__all__ = ["DocumentTrainer"]

_WEIGHT_DECAY = 0.01
_HEAD_RATE = 1e-3


class DocumentTrainer(Trainer):
    """A ``Trainer`` whose batches are documents of about the same length, in parts.

    Each part of a batch is a pass of its own, whose gradients add up, so that a batch of long
    documents takes no more memory than one of short documents. Head and encoder have learning
    rates of their own. After each epoch ``measure`` gives the figures of the held-out rows by
    name, which callbacks and trackers get as ``eval_…``.
    """

    def __init__(  # noqa: PLR0913 (what a Trainer takes)
        self,
        model: nn.Module,
        args: TrainingArguments,
        rows: Rows,
        measure: Callable[[], dict[str, float]],
        *,
        class_weights: NDArray[np.float32] | None,
        callbacks: list[TrainerCallback],
    ) -> None:
        """Train ``model``; ``class_weights`` are float32 [classes], None for one each."""
        weights = None if class_weights is None else torch.from_numpy(class_weights)
        super().__init__(
            model=model,
            args=args,
            train_dataset=_Indices(len(rows.lengths)),
            eval_dataset=_Indices(0),
            compute_loss_func=_Loss(weights),
            callbacks=callbacks,
        )
        self.remove_callback(PrinterCallback)
        self._trained = model
        self._rows = rows
        self._measure = measure

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Return the batches of the training rows, one process's share of them."""
        args = self.args
        batches = SimilarLengths(self._rows.lengths, args.train_batch_size, args.seed)
        loader = DataLoader(
            cast("Dataset[int]", self.train_dataset),
            batch_sampler=batches,
            collate_fn=self._batch,
        )
        return cast("DataLoader[Any]", self.accelerator.prepare(loader))

    def _batch(self, indices: Sequence[int]) -> dict[str, Any]:
        parts = self._rows.parts(indices)
        # The labels of the whole batch are what the library counts documents by.
        return {"labels": torch.cat([part["labels"] for part in parts]), "parts": parts}

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Return AdamW with a learning rate for the head, and another for the encoder."""
        if self.optimizer is None:
            encoder: list[nn.Parameter] = []
            head: list[nn.Parameter] = []
            for name, weight in (model or self._trained).named_parameters():
                (encoder if name.startswith("network.encoder.") else head).append(weight)
            groups: list[dict[str, Any]] = [
                {"params": head, "lr": _HEAD_RATE},
                {"params": encoder},
            ]
            self.optimizer = torch.optim.AdamW(
                groups, lr=self.args.learning_rate, weight_decay=_WEIGHT_DECAY, fused=True
            )
        return self.optimizer

    def training_step(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Add up the gradients of the parts of a batch, and return its loss."""
        model.train()
        *others, last = self._prepare_inputs(inputs)["parts"]
        with self.accelerator.no_sync(model) if others else contextlib.nullcontext():
            losses = [self._descend(model, part, num_items_in_batch) for part in others]
        losses.append(self._descend(model, last, num_items_in_batch))
        return torch.stack(losses).sum()

    def _descend(
        self, model: nn.Module, part: dict[str, Any], documents: torch.Tensor | int | None
    ) -> torch.Tensor:
        loss = self.compute_loss(model, part, num_items_in_batch=documents)
        loss = cast("torch.Tensor", loss)
        self.accelerator.backward(loss)
        return loss.detach()

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: nn.Module | None = None
    ) -> None:
        with _failure_told(resume_from_checkpoint):
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        with _failure_told(checkpoint):
            super()._load_optimizer_and_scheduler(checkpoint)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        with _failure_told(checkpoint):
            super()._load_rng_state(checkpoint)

    def evaluate(self, *_: object, **__: object) -> dict[str, float]:
        """Measure the held-out rows in float32, as the sealed network will answer."""
        self._trained.train(mode=False)
        metrics = {f"eval_{name}": value for name, value in self._measure().items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


@contextlib.contextmanager
def _failure_told(checkpoint: str | None) -> Iterator[None]:
    """Raise ``CallError`` where a checkpoint cannot be read, whatever the reader makes of it."""
    try:
        yield
    except Exception as error:
        message = (
            f"{checkpoint}: cannot be read ({first_line(error)}); if it is damaged, delete it, and "
            "call again"
        )
        raise CallError(message) from error


class _Indices(Dataset[int]):
    """The indices of rows: a batch is put together from them."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, index: int) -> int:
        return index


class _Loss:
    """Cross-entropy, weighted by class, as the mean over the documents of a step."""

    def __init__(self, weights: torch.Tensor | None) -> None:
        self._weights = weights

    def __call__(
        self,
        outputs: dict[str, torch.Tensor],
        labels: torch.Tensor,
        num_items_in_batch: torch.Tensor | int,
    ) -> torch.Tensor:
        logits = outputs["logits"]
        weights = None if self._weights is None else self._weights.to(logits.device)
        total = cross_entropy(logits.float(), labels, weight=weights, reduction="sum")
        return total / num_items_in_batch
