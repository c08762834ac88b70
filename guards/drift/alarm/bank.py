"""The splits of all series side by side, for one pass of arithmetic over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.alarm.series import HOURS
from guards.drift.alarm.splits import Partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.drift.alarm.series import SeriesReference

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Bank", "Observed"]


@dataclass(frozen=True, slots=True)
class Observed:
    """What was counted since each start, beside what the reference says for the same hours.

    ``successes`` and ``shares`` are float64 [16, splits of all series], ``documents`` and ``rows``
    float64 [16, series]. Without hours or excess variance ``shares`` and ``rows`` have one level,
    which stands for all.
    """

    successes: Floats
    documents: Floats
    shares: Floats
    rows: Floats


class Bank:
    """Turns the counts of all series into one vector, and sums of vectors into splits.

    The vector of a minute has the running sum of all counts, so that any range of cells is one
    difference, and where a series has a reference by hour, besides the expected share of each
    split times the documents, and the documents by series and hour of the week.
    """

    def __init__(self, references: Sequence[SeriesReference]) -> None:
        self.partitions = [Partition(reference) for reference in references]
        widths = [len(partition.order) for partition in self.partitions]
        self._bounds = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
        offsets = self._bounds[:-1]
        self._order = _joined([o + p.order for o, p in zip(offsets, self.partitions, strict=True)])
        self._first = _joined([o + p.first for o, p in zip(offsets, self.partitions, strict=True)])
        self._end = _joined([o + p.end for o, p in zip(offsets, self.partitions, strict=True)])
        sizes = [len(partition) for partition in self.partitions]
        self.series = np.repeat(np.arange(len(sizes)), sizes)
        """The series of each split, int64 [splits]."""
        self.columns = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
        """The splits of each series."""
        self.one_sided = np.concatenate([p.one_sided for p in self.partitions])
        self._hourly = np.array([reference.hours is not None for reference in references])
        self.by_hour = bool(self._hourly.any())
        """Whether the reference depends on the hour."""
        self._know(references)

    def _know(self, references: Sequence[SeriesReference]) -> None:
        """Compute the shares and rows of the references."""
        pairs = list(zip(self.partitions, references, strict=True))
        self._shares = np.concatenate([p.shares(r.counts) for p, r in pairs])
        self._rows = np.array([r.counts.sum() + 1.0 for r in references])
        taught = [r.excess for r in references if r.excess is not None]
        self._excess = np.zeros((len(taught[0]) if taught else 1, len(references)))
        for index, reference in enumerate(references):
            if reference.excess is not None:
                self._excess[:, index] = reference.excess
        if self.by_hour:
            self._hour_shares = np.tile(self._shares, (HOURS, 1))
            self._hour_rows = np.ones((len(references), HOURS))
            for index, (partition, reference) in enumerate(pairs):
                if reference.hours is not None:
                    shares, rows = partition.hourly_shares(reference.hours)
                    self._hour_shares[:, self.columns[index]] = shares
                    self._hour_rows[index] = rows

    @property
    def width(self) -> int:
        """The length of a vector."""
        by_hour = self.series.size + HOURS * len(self.partitions) if self.by_hour else 0
        return len(self._order) + 1 + by_hour

    def vector(self, counts: Sequence[Ints], hour: int) -> Floats:
        """Return the vector of a minute, from counts [cells + 2] of each series."""
        vector = np.zeros(self.width)
        cells = len(self._order)
        np.cumsum(np.concatenate(counts)[self._order], out=vector[1 : cells + 1])
        if self.by_hour:
            documents = self._documents(vector)
            end = cells + 1 + self.series.size
            vector[cells + 1 : end] = self._hour_shares[hour] * documents[self.series]
            vector[end:].reshape(-1, HOURS)[:, hour] = documents
        return vector

    def observed(self, sums: Floats) -> Observed:
        """Return what sums of vectors, float64 [16, width], say of each split."""
        successes = sums[:, self._end] - sums[:, self._first]
        documents = self._documents(sums)
        shares, rows = self._shares[None], self._rows[None]
        if self.by_hour:
            shares, rows = self._of_those_hours(sums, documents)
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

    def _of_those_hours(self, sums: Floats, documents: Floats) -> tuple[Floats, Floats]:
        """Weight the hours' references by the documents: p = Σ w p_h, and 1/M = Σ w²/M_h."""
        end = len(self._order) + 1 + self.series.size
        expected = sums[:, len(self._order) + 1 : end]
        of_split = documents[:, self.series]
        hourly = self._hourly[self.series] & (of_split > 0)
        shares = np.where(hourly, expected / np.maximum(of_split, 1), self._shares)
        by_hour = sums[:, end:].reshape(len(sums), -1, HOURS)
        squares = (by_hour**2 / self._hour_rows).sum(axis=-1)
        weighted = self._hourly & (documents > 0)
        rows = np.where(weighted, documents**2 / np.where(weighted, squares, 1), self._rows)
        return np.clip(shares, 0, 1), rows


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate(parts).astype(np.int64)
