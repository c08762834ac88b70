"""References by hour of the week, weighted by the documents that each hour had since a start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.drift.taught import HOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.drift.alarm.series import SeriesReference
    from guards.drift.alarm.splits import Partition

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Hourly"]


class Hourly:
    """What is summed for references by hour: expected successes, and documents by hour.

    ``pairs`` are the partitions and references of all series, and ``series`` is the series of each
    split, int64 [splits]. Series without hours have the same shares in all of them.
    """

    def __init__(self, pairs: Sequence[tuple[Partition, SeriesReference]], series: Ints) -> None:
        self._series = series
        self._taught = np.array([reference.hours is not None for _, reference in pairs])
        self._rows = np.ones((len(pairs), HOURS))
        # Hours without rows borrow the same shares, so that their errors are one error.
        self._known_as = np.tile(np.arange(HOURS), (len(pairs), 1))
        shares = []
        for index, (partition, reference) in enumerate(pairs):
            if reference.hours is None:
                shares.append(np.zeros((HOURS, len(partition))))
                continue
            of_hour, self._rows[index] = partition.hourly_shares(reference.hours)
            unknown = reference.hours.sum(axis=1) == 0
            self._known_as[index, unknown] = unknown.argmax()
            shares.append(of_hour)
        self._shares = np.concatenate(shares, axis=1)

    @property
    def width(self) -> int:
        """The length of a vector."""
        return self._series.size + self._rows.size

    def vector(self, documents: Floats, hour: int) -> Floats:
        """Return the vector of a minute with so many documents of each series, [series]."""
        by_hour = np.zeros_like(self._rows)
        by_hour[np.arange(len(documents)), self._known_as[:, hour]] = documents
        return np.concatenate([self._shares[hour] * documents[self._series], by_hour.ravel()])

    def of_those_hours(
        self, sums: Floats, documents: Floats, shares: Floats, rows: Floats
    ) -> tuple[Floats, Floats]:
        """Return the reference's shares, [16, splits], and rows, [16, series], at those hours.

        With the share w of the documents in each hour, p = Σ w p_h and 1/M = Σ w²/M_h. ``sums`` are
        those of vectors, and ``documents`` [16, series]. Where there are none, and of series
        without hours, ``shares`` and ``rows`` are returned.
        """
        expected = sums[:, : self._series.size]
        by_hour = sums[:, self._series.size :].reshape(len(sums), *self._rows.shape)
        squares = (by_hour**2 / self._rows).sum(axis=-1)
        taught = self._taught & (documents > 0)
        of_split, taught_split = documents[:, self._series], taught[:, self._series]
        weighted = np.where(taught_split, expected / np.maximum(of_split, 1), shares)
        known = np.where(taught, documents**2 / np.where(taught, squares, 1), rows)
        return np.clip(weighted, 0, 1), known
