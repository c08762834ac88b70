"""How much of a change would be gone if inputs were mixed as in the good period.

Bad documents are weighted so that each of some inputs has the shares that it had in the good
period: raking, or iterative proportional fitting (Deming and Stephan 1940). Their weighted mean is
what the period would have been with good inputs and all else as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.diagnosis.blocks import draws, interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.samples import Sample
    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Cells = NDArray[np.int16]

__all__ = [
    "NOTHING",
    "Restored",
    "cell_shares",
    "mixed_weights",
    "restored",
    "restored_share",
]

_ROUNDS = 15
_MIN_CELL = 10
"""Bad documents of a cell of which there are fewer cannot stand for the good ones."""

_REPLICATES = 100


@dataclass(frozen=True, slots=True)
class Restored:
    """The share of a change that would be gone, with a 95 % interval; 1 is all of it."""

    share: float
    low: float
    high: float

    def times(self, factor: float) -> Restored:
        """Return the share of a change of which this one is a part of ``factor``, from 0 on."""
        return Restored(self.share * factor, self.low * factor, self.high * factor)

    @property
    def rest(self) -> Restored:
        """The share that would still be there."""
        return Restored(1 - self.share, 1 - self.high, 1 - self.low)

    def to_json(self) -> JsonObject:
        """Return the share as plain JSON."""
        return {"share": self.share, "interval": [self.low, self.high]}


NOTHING = Restored(0.0, 0.0, 0.0)
"""What is restored by nothing."""


def restored(
    good: Sample,
    bad: Sample,
    inputs: Sequence[int],
    besides: Sequence[int],
    generator: np.random.Generator,
) -> Restored:
    """Return what mixing ``inputs`` as in the good period restores, ``besides`` what others do.

    Both are columns of the cells. The interval is that of samples of whole blocks of both periods.
    """
    share = restored_share(good, bad, inputs, besides)
    shares = [
        _share(_resampled(good, generator), _resampled(bad, generator), inputs, besides)
        for _ in range(_REPLICATES)
    ]
    return Restored(share, *interval(np.array(shares)))


def restored_share(
    good: Sample, bad: Sample, inputs: Sequence[int], besides: Sequence[int]
) -> float:
    """Return the share of ``restored`` alone."""
    return _share(
        _Weighted(good, np.ones(len(good))), _Weighted(bad, np.ones(len(bad))), inputs, besides
    )


def mixed_weights(good: Sample, bad: Sample, inputs: Sequence[int]) -> Floats:
    """Return weights of the bad documents, float64 [rows], that mix ``inputs`` as in good ones.

    They are 0 where good ones have no such cell, and all are where no good one has a cell of which
    there are enough bad ones.
    """
    before, now = (_Weighted(side, np.ones(len(side))) for side in (good, bad))
    _, weights = _weights(before, now, inputs)
    return weights


def cell_shares(cells: Cells, weights: Floats, size: int) -> Floats:
    """Return the shares of cells, float64 [size], of rows with weights; 0 where there are none."""
    told = cells >= 0
    counts = np.bincount(cells[told], weights=weights[told], minlength=size).astype(np.float64)
    return np.asarray(counts / max(counts.sum(), 1.0))


class _Weighted(NamedTuple):
    sample: Sample
    weights: Floats

    @property
    def mean(self) -> float:
        return float(np.average(self.sample.value, weights=self.weights))


def _resampled(sample: Sample, generator: np.random.Generator) -> _Weighted:
    """Return how often each document is in a sample of as many blocks."""
    blocks, numbers = np.unique(sample.block, return_inverse=True)
    return _Weighted(sample, draws(len(blocks), len(blocks), 1, generator)[0][numbers])


def _share(good: _Weighted, bad: _Weighted, inputs: Sequence[int], besides: Sequence[int]) -> float:
    if good.mean == bad.mean:
        return 0.0
    with_inputs = _mixed_as_good(good, bad, [*besides, *inputs])
    without = _mixed_as_good(good, bad, besides) if besides else bad.mean
    return (with_inputs - without) / (good.mean - bad.mean)


def _mixed_as_good(good: _Weighted, bad: _Weighted, inputs: Sequence[int]) -> float:
    """Return the mean of bad documents that are mixed as good ones.

    Good documents of cells that hardly any bad one has keep their own values.
    """
    rest, weights = _weights(good, bad, inputs)
    if not rest.sum() or not weights.sum():
        return good.mean
    kept = rest.sum() / good.weights.sum()
    mixed = kept * np.average(bad.sample.value, weights=weights)
    if kept < 1:
        theirs = np.average(good.sample.value, weights=good.weights - rest)
        mixed += (1 - kept) * theirs
    return float(mixed)


def _weights(good: _Weighted, bad: _Weighted, inputs: Sequence[int]) -> tuple[Floats, Floats]:
    """Return the weights of the good documents that are stood for, and of bad ones mixed as they.

    Both are float64 [rows].
    """
    columns = [_Column.of(good.sample.cells[:, at], bad.sample.cells[:, at]) for at in inputs]
    alone = np.zeros(len(good.sample), dtype=np.bool_)
    for column in columns:
        alone |= (column.counts(column.bad, bad.weights) < _MIN_CELL)[column.good]
    rest = np.where(alone, 0, good.weights)
    weights = bad.weights
    targets = []
    for column in columns:
        target = column.counts(column.good, rest)
        weights = np.where(target[column.bad] > 0, weights, 0)
        targets.append((column, target))
    for _ in range(_ROUNDS if len(columns) > 1 else 1):
        for column, target in targets:
            found = column.counts(column.bad, weights)
            weights = weights * (target / np.where(found > 0, found, 1))[column.bad]
    return rest, weights


class _Column(NamedTuple):
    """The cells of an input in both samples, those of none first."""

    good: Ints
    bad: Ints
    size: int

    @classmethod
    def of(cls, good: Cells, bad: Cells) -> _Column:
        size = int(max(good.max(), bad.max())) + 2
        return cls(good.astype(np.int64) + 1, bad.astype(np.int64) + 1, size)

    def counts(self, cells: Ints, weights: Floats) -> Floats:
        return np.bincount(cells, weights=weights, minlength=self.size).astype(np.float64)
