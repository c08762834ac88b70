"""Documents in blocks of an hour: what is resampled, because neighbours are not independent.

Traffic comes in batches, and what one hour brings resembles itself. Resampling whole blocks keeps
that (Kuensch 1989); resampling documents would take chance for something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["HOUR_US", "Blocks", "draws", "interval"]

HOUR_US = 3_600_000_000
"""The length of a block of documents, in microseconds."""

_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Numbers of documents, and sums of a value of theirs, by block and cell.

    Both are float64 [blocks, cells]; ``names`` int64 [blocks] are the numbers of the blocks, in
    order.
    """

    names: Ints
    documents: Floats
    sums: Floats

    @classmethod
    def of(cls, block: Ints, values: Floats, cells: Ints | None = None, size: int = 1) -> Blocks:
        """Sum over the rows of each block and cell.

        ``block`` int64 [rows] may be any numbers, ``cells`` int64 [rows] are below ``size``.
        """
        names, numbers = np.unique(block, return_inverse=True)
        index = numbers * size + (0 if cells is None else cells)
        shape = (len(names), size)
        documents = np.bincount(index, minlength=len(names) * size).astype(np.float64)
        sums = np.bincount(index, weights=values, minlength=len(names) * size).astype(np.float64)
        return cls(names, documents.reshape(shape), sums.reshape(shape))

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self.documents)

    @property
    def total(self) -> tuple[Floats, Floats]:
        """The documents and the sum of each cell, float64 [cells]."""
        return self.documents.sum(axis=0), self.sums.sum(axis=0)

    @property
    def mean(self) -> float:
        """The mean of all documents; NaN without any."""
        return float(self.sums.sum() / self.documents.sum()) if self.documents.sum() else np.nan

    def resampled(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return documents and sums, float64 [draws, cells], by weights of [draws, blocks]."""
        return weights @ self.documents, weights @ self.sums


def interval(samples: Floats) -> tuple[float, float]:
    """Return the percentile interval of 95 % of a statistic of samples, without those of NaN."""
    low, high = np.nanpercentile(samples, _INTERVAL)
    return float(low), float(high)


def draws(blocks: int, size: int, drawn: int, generator: np.random.Generator) -> Floats:
    """Return how often each block is drawn, float64 [draws, blocks]: ``size`` with replacement."""
    shares = np.full(blocks, 1 / blocks)
    return generator.multinomial(size, shares, size=drawn).astype(np.float64)
