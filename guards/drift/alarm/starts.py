"""Sums of vectors since each start of a geometric grid of start times.

A change is found soonest from the start nearest to it, and a sum since the first minute would hide
it under all that was quiet before. Level l = 0 … 15 has a start every g = max(1, 2^(l-1)) minutes,
and one start of an age in [2^l, 2^l + g) at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEVELS", "SPACINGS", "Starts"]

LEVELS = 16
"""The oldest starts are between 23 and 34 days old."""

_AGES = 2 ** np.arange(LEVELS)

SPACINGS = np.maximum(_AGES // 2, 1)
"""Minutes between two starts of a level, int64 [16]."""

_KEPT = 3
"""A start grows as old as three spacings, so that at most three are needed of each level."""


class Starts:
    """The sums since one start of every level, of vectors of one ``width``.

    Keeps the running total, and what it was at the starts that are still to come of age. Whole
    numbers are exact up to 2**53.
    """

    def __init__(self, width: int) -> None:
        self._total = np.zeros(width)
        self._before = np.zeros((LEVELS, _KEPT, width))
        self._first: int | None = None
        self._minute = 0

    @property
    def minute(self) -> int:
        """The latest minute of which there is a vector."""
        return self._minute

    def push(self, minute: int, vector: NDArray[np.float64]) -> None:
        """Add the vector of a minute; minutes without one only make the starts older.

        A second vector of a minute is added to it, and so is one of a minute that is past.
        """
        if self._first is None:
            self._first, self._minute = minute, minute - 1
        for level, spacing in enumerate(SPACINGS.tolist()):
            newest = minute // spacing * spacing
            oldest = max(self._minute + 1, newest - (_KEPT - 1) * spacing)
            for start in range(-(-oldest // spacing) * spacing, newest + 1, spacing):
                self._before[level, start // spacing % _KEPT] = self._total
        self._minute = max(minute, self._minute)
        self._total += vector

    def get(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the start minutes, int64 [16], and the sums since them, float64 [16, width].

        A level that has no start of its age yet has the start -1 and zeros.
        """
        starts = (self._minute + 1 - _AGES) // SPACINGS * SPACINGS
        sums = self._total - self._before[np.arange(LEVELS), starts // SPACINGS % _KEPT]
        young = starts < (self._minute + 1 if self._first is None else self._first)
        sums[young] = 0
        return np.where(young, -1, starts), sums
