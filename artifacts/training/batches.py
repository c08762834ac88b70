"""Batches for training: documents of about the same length, in parts that fit in memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch.utils.data import Sampler

from artifacts.bundle.inference import about_as_long, columns_of, padded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from artifacts.evaluation.encoded_table import EncodedTable

__all__ = ["MAX_TOKENS", "Documents", "PooledStates", "Rows", "SimilarLengths"]

MAX_TOKENS = 4096
"""A larger batch goes through the network in parts of at least one document: for its gradients a
pass keeps 0.4 MB a token of MiniLM, and 1.6 MB a token of BERT-base."""

Inputs = dict[str, torch.Tensor]


class Rows(Protocol):
    """Labelled rows that a network is trained on."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The tokens of each row, int64 [rows]."""

    def parts(self, indices: Sequence[int]) -> list[Inputs]:
        """Return the inputs of a batch by name, with ``labels``, in parts for a pass each."""


class Documents:
    """The encoded documents of a table; a part of a batch has at most ``MAX_TOKENS`` tokens."""

    def __init__(self, table: EncodedTable) -> None:
        """Take the documents of ``table``."""
        self._table = table
        self.lengths = np.array([encoding.tokens for encoding in table.encodings])

    def parts(self, indices: Sequence[int]) -> list[Inputs]:
        """Return token ids, mask, columns and labels; only what is in a part is padded alike."""
        batch = [self._table.encodings[index] for index in indices]
        return [
            self._inputs([indices[place] for place in group])
            for group in about_as_long(batch, MAX_TOKENS)
        ]

    def _inputs(self, indices: Sequence[int]) -> Inputs:
        group = [self._table.encodings[index] for index in indices]
        ids, mask = padded(group)
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "columns": columns_of(group),
            "labels": torch.from_numpy(self._table.truth[indices]),
        }


class PooledStates:
    """Documents as a frozen encoder has pooled them, float32 [rows, hidden]."""

    def __init__(self, table: EncodedTable, states: torch.Tensor) -> None:
        """Take the ``states`` of all documents of ``table``."""
        self._states = states
        self._columns = columns_of(table.encodings)
        self._labels = torch.from_numpy(table.truth)
        self.lengths = np.ones(len(states), dtype=np.int64)

    def parts(self, indices: Sequence[int]) -> list[Inputs]:
        """Return pooled states, columns and labels in one part."""
        rows = torch.as_tensor(indices)
        return [
            {
                "pooled": self._states[rows],
                "columns": self._columns[rows],
                "labels": self._labels[rows],
            }
        ]


class SimilarLengths(Sampler[list[int]]):
    """Yield batches in random order, each of rows of about the same length.

    The order depends on the seed and the epoch alone, so that a training that is resumed goes on
    with the batches that it would have had.
    """

    drop_last = False

    def __init__(self, lengths: NDArray[np.int64], batch_size: int, seed: int) -> None:
        """Batch rows of these ``lengths``, int64 [rows]."""
        self.batch_size = batch_size
        self._lengths = lengths
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return math.ceil(len(self._lengths) / self.batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Take the order of this epoch, counted from 0."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the indices of the rows of each batch."""
        generator = np.random.default_rng((self._seed, self._epoch))
        blurred = self._lengths * generator.uniform(0.9, 1.1, size=len(self._lengths))
        order = np.argsort(blurred, kind="stable")
        for start in generator.permutation(np.arange(0, len(order), self.batch_size)):
            yield order[start : start + self.batch_size].tolist()
