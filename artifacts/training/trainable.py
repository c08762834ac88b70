"""What is trained: a whole network, or the layers above a frozen encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from artifacts.bundle.inference import about_as_long, columns_of, padded, padded_logits_of
from artifacts.progress import Progress
from artifacts.training.batches import MAX_TOKENS, Documents, PooledStates

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.network import DocumentClassifier
    from artifacts.evaluation.encoded_table import EncodedTable
    from artifacts.training.batches import Rows

__all__ = ["Trainable", "frozen_encoder", "whole_network"]


@dataclass(frozen=True, slots=True)
class Trainable:
    """A module, the rows to train it on, and a function that answers the held-out rows.

    The function returns logits float32 [rows, classes], by the weights as they are.
    """

    module: nn.Module
    rows: Rows
    held_out_logits: Callable[[], NDArray[np.float32]]


def whole_network(
    network: DocumentClassifier, training: EncodedTable, held_out: EncodedTable
) -> Trainable:
    """Train all weights of ``network``."""
    return Trainable(
        _WholeNetwork(network),
        Documents(training),
        lambda: padded_logits_of(network, held_out.encodings, MAX_TOKENS),
    )


def frozen_encoder(
    network: DocumentClassifier, training: EncodedTable, held_out: EncodedTable
) -> Trainable:
    """Train the layers above the encoder, which runs once over every row, on its device."""
    states = _pooled_states(network, held_out)
    columns = columns_of(held_out.encodings).to(states.device)

    def logits() -> NDArray[np.float32]:
        with torch.no_grad():
            return network.classify(states, columns).cpu().numpy()

    return Trainable(
        _Head(network), PooledStates(training, _pooled_states(network, training).cpu()), logits
    )


def _pooled_states(network: DocumentClassifier, table: EncodedTable) -> torch.Tensor:
    """Return the state of each document without dropout, float32 [documents, hidden]."""
    network.train(mode=False)
    device = network.output.weight.device
    states = torch.empty((len(table.encodings), network.join.out_features), device=device)
    with torch.no_grad(), Progress("encoding", len(table.encodings)) as progress:
        for indices in about_as_long(table.encodings, MAX_TOKENS):
            group = [table.encodings[index] for index in indices]
            ids, mask = padded(group)
            pooled = network.pool(ids.to(device), mask.to(device))
            states[indices] = pooled.reshape(len(group), -1, pooled.shape[1]).mean(dim=1)
            progress.update(len(group))
    return states


class _WholeNetwork(nn.Module):
    """A network as ``Trainer`` calls it: every output has a name."""

    def __init__(self, network: DocumentClassifier) -> None:
        """Train all of ``network``."""
        super().__init__()
        self.network = network

    def forward(
        self, input_ids: torch.Tensor, columns: torch.Tensor, attention_mask: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Return ``logits`` float32 [documents, classes]."""
        return {"logits": self.network(input_ids, columns, attention_mask)}


class _Head(nn.Module):
    """The layers of a network above its encoder."""

    def __init__(self, network: DocumentClassifier) -> None:
        """Train only these layers of ``network``."""
        super().__init__()
        self.dropout, self.join, self.output = network.dropout, network.join, network.output
        self._classify = network.classify

    def forward(self, pooled: torch.Tensor, columns: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return ``logits`` float32 [documents, classes]."""
        return {"logits": self._classify(pooled, columns)}
