"""The splits of all series side by side, for one pass of arithmetic over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.alarm.hourly import Hourly
from guards.drift.alarm.splits import Partition
from guards.sequential.starts import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.drift.alarm.series import SeriesReference

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Bank", "Observed"]


@dataclass(frozen=True, slots=True)
class Observed:
    """What was counted since each start, beside what the reference says.

    ``successes`` and ``shares`` are float64 [16, splits of all series], ``documents`` and ``rows``
    float64 [16, series]. Without hours ``shares`` has one level, which stands for all.
    """

    successes: Floats
    documents: Floats
    shares: Floats
    rows: Floats


class Bank:
    """Turns the counts of all series into one vector, and sums of vectors into splits.

    The vector of a minute has the running sum of all counts, so that any range of cells is one
    difference; where a series has a reference by hour, what ``Hourly`` needs follows.
    """

    def __init__(self, references: Sequence[SeriesReference]) -> None:
        self.partitions = [Partition(reference) for reference in references]
        self._bounds = _offsets([len(partition.order) for partition in self.partitions])
        self._order = self._joined([partition.order for partition in self.partitions])
        self._first = self._joined([partition.first for partition in self.partitions])
        self._end = self._joined([partition.end for partition in self.partitions])
        sizes = [len(partition) for partition in self.partitions]
        self.series = np.repeat(np.arange(len(sizes)), sizes)
        """The series of each split, int64 [splits]."""
        self.columns = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
        """The splits of each series."""
        self.one_sided = np.concatenate([partition.one_sided for partition in self.partitions])
        pairs = list(zip(self.partitions, references, strict=True))
        self._shares = np.concatenate([p.shares(r.counts) for p, r in pairs])
        self._rows = np.array([r.counts.sum() + 1.0 for r in references])
        none = np.zeros(LEVELS)
        self._excess = np.stack([none if r.excess is None else r.excess for r in references], 1)
        by_hour = any(reference.hours is not None for reference in references)
        self._hourly = Hourly(pairs, self.series) if by_hour else None

    @property
    def by_hour(self) -> bool:
        """Whether any reference depends on the hour."""
        return self._hourly is not None

    @property
    def width(self) -> int:
        """The length of a vector."""
        return len(self._order) + 1 + (self._hourly.width if self._hourly else 0)

    def vector(self, counts: Sequence[Ints], hour: int) -> Floats:
        """Return the vector of a minute, from counts [cells + 2] of each series."""
        running = np.zeros(len(self._order) + 1)
        np.cumsum(np.concatenate(counts)[self._order], out=running[1:])
        if self._hourly is None:
            return running
        return np.concatenate([running, self._hourly.vector(self._documents(running), hour)])

    def observed(self, sums: Floats) -> Observed:
        """Return what sums of vectors, float64 [16, width], say of each split."""
        successes = sums[:, self._end] - sums[:, self._first]
        documents = self._documents(sums)
        shares, rows = self._shares[None], self._rows[None]
        if self._hourly is not None:
            of_hours = sums[:, len(self._order) + 1 :]
            shares, rows = self._hourly.of_those_hours(of_hours, documents, shares, rows)
        return Observed(successes, documents, shares, 1 / (1 / rows + self._excess))

    def counts(self, sums: Floats, series: int) -> Ints:
        """Return the counts of one series, int64 [cells + 2], out of one sum of vectors."""
        first, end = self._bounds[series : series + 2]
        counts = np.zeros(end - first, dtype=np.int64)
        counts[self.partitions[series].order] = np.diff(sums[first : end + 1])
        return counts

    def _documents(self, sums: Floats) -> Floats:
        totals = sums[..., self._bounds]
        return np.asarray(totals[..., 1:] - totals[..., :-1])

    def _joined(self, indices: Sequence[Ints]) -> Ints:
        """Turn indices within each series into indices within all."""
        shifted = [first + each for first, each in zip(self._bounds, indices, strict=False)]
        return np.concatenate(shifted).astype(np.int64)


def _offsets(widths: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
