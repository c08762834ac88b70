"""The rows of a day without drift: those of a reference, and of each minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from load_tests.drift.streams import thirty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from load_tests.drift.streams import Series

__all__ = ["Day", "Rows"]


class Rows(NamedTuple):
    """Rows of numbers float64 [rows, 20], NaN where missing, and of categories int64 [rows, 10].

    Categories are numbered from 0 on, and -1 is a missing one.
    """

    numbers: NDArray[np.float64]
    codes: NDArray[np.int64]


class Day:
    """Normal numbers and ten categories, with the shares of ``load_tests.drift.streams.thirty``."""

    def __init__(self, rows: int, seed: int) -> None:
        """Draw the shares, and a reference of so many rows."""
        self._rng = np.random.default_rng(seed)
        series = list(thirty(rows, self._rng).values())
        self._missing = np.array([each.shares[-2] for each in series if _is_numeric(each)])
        self._shares = [each.shares[:-1] for each in series if not _is_numeric(each)]
        self.levels = [len(shares) - 1 for shares in self._shares]
        self.reference = self._draw(rows)

    def minutes(self, count: int, documents: int) -> Iterator[Rows]:
        """Yield the rows of so many minutes of so many documents each."""
        for _ in range(count):
            yield self._draw(documents)

    def _draw(self, count: int) -> Rows:
        numbers = self._rng.normal(size=(count, len(self._missing)))
        numbers[self._rng.random(numbers.shape) < self._missing] = np.nan
        codes = [self._rng.choice(len(shares), count, p=shares) for shares in self._shares]
        drawn = np.stack(codes, axis=1)
        return Rows(numbers, np.where(drawn == self.levels, -1, drawn))


def _is_numeric(series: Series) -> bool:
    return series.reference.kind == "ordered"
