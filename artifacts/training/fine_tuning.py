"""Fine-tune a network: batches of similar length, warm-up and decay, a progress bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch.nn.functional import cross_entropy, pad
from tqdm import tqdm

from artifacts.bundle.inference import columns_of, logits_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.network import DocumentClassifier
    from artifacts.bundle.preprocessing import Encoding
    from artifacts.evaluation.encoded_table import EncodedTable

__all__ = ["FineTuning", "fine_tune"]

_BATCH = 16
_MAX_TOKENS = 4096
"""A larger batch goes through the network in parts of at least one document: for its gradients a
pass keeps 0.4 MB a token of MiniLM, and 1.6 MB a token of BERT-base."""

_WARM_UP_SHARE = 0.06
_MAX_GRADIENT_NORM = 1.0
_PRETRAINED_RATE = 5e-5
_FRESH_RATE = 5e-4
_HEAD_RATE = 1e-3
_FROZEN_EPOCHS_FACTOR = 10
"""Epochs over cached states cost almost nothing, and training only the head needs more."""


@dataclass(frozen=True, slots=True)
class FineTuning:
    """Options of the training loop; ``pretrained`` says that the encoder was trained before."""

    epochs: int
    seed: int
    freeze_encoder: bool
    pretrained: bool


def fine_tune(
    network: DocumentClassifier, training: EncodedTable, held_out: EncodedTable, options: FineTuning
) -> None:
    """Fit the network in place and leave it in evaluation mode.

    Shows loss, F1 on the held-out rows and the time left on a terminal's standard error.
    """
    frozen = _pooled_states(network, training) if options.freeze_encoder else None
    epochs = options.epochs * (_FROZEN_EPOCHS_FACTOR if options.freeze_encoder else 1)
    generator = np.random.default_rng(options.seed)
    steps = epochs * -(-len(training.truth) // _BATCH)
    optimiser, schedule = _optimiser(network, options, steps)
    f1 = float("nan")
    with tqdm(total=steps, unit="batch", disable=None, desc="training") as progress:
        for epoch in range(epochs):
            network.train()
            for indices in _batches(training.encodings, generator):
                optimiser.zero_grad()
                loss = _descend(network, training, frozen, indices)
                torch.nn.utils.clip_grad_norm_(network.parameters(), _MAX_GRADIENT_NORM)
                optimiser.step()
                schedule.step()
                progress.set_postfix(epoch=epoch + 1, loss=f"{loss:.3f}", f1=f"{f1:.3f}")
                progress.update()
            network.train(mode=False)
            if not options.freeze_encoder or epoch == epochs - 1:
                answers = logits_of(network, held_out.encodings).argmax(axis=1)
                f1 = float(f1_score(held_out.truth, answers, average="macro", zero_division=0.0))
                progress.set_postfix(epoch=epoch + 1, loss=f"{loss:.3f}", f1=f"{f1:.3f}")


def _optimiser(
    network: DocumentClassifier, options: FineTuning, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    encoder_rate = _PRETRAINED_RATE if options.pretrained else _FRESH_RATE
    head = [*network.join.parameters(), *network.output.parameters()]
    groups = [{"params": head, "lr": _HEAD_RATE}]
    if options.freeze_encoder:
        network.encoder.requires_grad_(requires_grad=False)
    else:
        groups.append({"params": list(network.encoder.parameters()), "lr": encoder_rate})
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    warm_up = max(1, round(steps * _WARM_UP_SHARE))

    def rate(step: int) -> float:
        return min((step + 1) / warm_up, max(0.0, (steps - step) / max(1, steps - warm_up)))

    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, rate)


def _batches(
    encodings: Sequence[Encoding], generator: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield batches in random order, each of documents of about the same length."""
    lengths = np.array([encoding.tokens for encoding in encodings])
    blurred = lengths * generator.uniform(0.9, 1.1, size=len(lengths))
    order = np.argsort(blurred)
    starts = generator.permutation(np.arange(0, len(order), _BATCH))
    for start in starts:
        yield order[start : start + _BATCH]


def _descend(
    network: DocumentClassifier,
    rows: EncodedTable,
    frozen: torch.Tensor | None,
    indices: NDArray[np.int64],
) -> float:
    """Accumulate the gradients of a batch in the network, and return its loss."""
    batch_loss = 0.0
    for part in _parts(rows.encodings, indices) if frozen is None else [indices]:
        encodings = [rows.encodings[index] for index in part]
        states = _states(network, encodings) if frozen is None else frozen[part]
        logits = network.classify(states, columns_of(encodings))
        loss = cross_entropy(logits, torch.from_numpy(rows.truth[part]))
        loss = loss * (len(part) / len(indices))
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        batch_loss += loss.item()
    return batch_loss


def _parts(
    encodings: Sequence[Encoding], indices: NDArray[np.int64]
) -> Iterator[NDArray[np.int64]]:
    """Split a batch where a pass over all of it would hold more than ``_MAX_TOKENS``."""
    start = tokens = 0
    for end, index in enumerate(indices):
        if end > start and tokens + encodings[index].tokens > _MAX_TOKENS:
            yield indices[start:end]
            start, tokens = end, 0
        tokens += encodings[index].tokens
    yield indices[start:]


def _states(network: DocumentClassifier, encodings: Sequence[Encoding]) -> torch.Tensor:
    """Return each document's mean over its windows, float32 [documents, hidden]."""
    windows = [torch.from_numpy(encoding.token_ids) for encoding in encodings]
    longest = max(ids.shape[1] for ids in windows)
    padded = [pad(ids, (0, longest - ids.shape[1])) for ids in windows]
    masks = [pad(torch.ones_like(ids), (0, longest - ids.shape[1])) for ids in windows]
    pooled = network.pool(torch.cat(padded), torch.cat(masks))
    states = [state.mean(dim=0) for state in torch.split(pooled, [len(ids) for ids in windows])]
    return torch.stack(states)


def _pooled_states(network: DocumentClassifier, rows: EncodedTable) -> torch.Tensor:
    """Run the frozen encoder once over every row; float32 [rows, hidden]."""
    network.train(mode=False)
    states = torch.empty((len(rows.encodings), network.join.out_features))
    with torch.inference_mode():
        for index, encoding in enumerate(
            tqdm(rows.encodings, unit="document", disable=None, desc="encoding")
        ):
            states[index] = network.pool(torch.from_numpy(encoding.token_ids)).mean(dim=0)
    return states.clone()
