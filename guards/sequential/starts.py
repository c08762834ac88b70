"""Sums over the last minutes, from start times on a geometric grid.

A change is found soonest by sums that begin where it does, and a sum since the first minute would
hide it under all that was quiet before. On level l = 0, 1, …, 15 a start is made every
g = max(1, 2^(l-1)) minutes, at multiples of g, and kept until it is 3g minutes old. So some start
begins not long after any change and lasts long enough to show it. Each start is a test of its own
and has its own part of the error probability.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "HORIZON_MINUTES",
    "LEVELS",
    "LIVING_ON",
    "SPACINGS",
    "Start",
    "Starts",
    "alpha_of_start",
]

LEVELS = 16
"""The oldest starts are 32,768 to 49,152 minutes old: 23 to 34 days."""

HORIZON_MINUTES = 30 * 24 * 60
"""In each such span the expected number of false alarms is bounded."""

_AGES = 2 ** np.arange(LEVELS)

SPACINGS = np.maximum(_AGES // 2, 1)
"""Minutes between two starts of a level, int64 [16]."""

LIVING_ON = 1.15
"""More starts are looked at in such a span than are made in it: some were made before it, at most
.14 of these."""

_KEPT = 3
"""Starts of each level."""

Number = TypeVar("Number", np.int64, np.float64)


class Start(NamedTuple, Generic[Number]):
    """The sums of one start; its age counts its first minute and the last.

    ``sums`` is [width], read-only, and changes with the next minute.
    """

    level: int
    age_minutes: int
    sums: NDArray[Number]


class Starts(Generic[Number]):
    """Sums of vectors, int64 or float64 [width], from each start that is kept.

    Memory is 48 vectors, however long it runs. Iterating gives the starts of each level in turn,
    the youngest first; a minute may be a start of several levels.
    """

    def __init__(self, width: int, dtype: type[Number]) -> None:
        """Begin without any minute."""
        self._sums: NDArray[Number] = np.zeros((LEVELS, _KEPT, width), dtype=dtype)
        self._first: int | None = None
        self._last = 0

    @property
    def minute(self) -> int:
        """The last minute of which there is a vector."""
        return self._last

    def push(self, minute: int, vector: ArrayLike) -> None:
        """Add a vector to a minute.

        The first minute is whichever comes first, and minutes that never come count as minutes with
        zeros. What comes late is added to the last minute.
        """
        if self._first is None:
            self._first, self._last = minute, minute - 1
        if minute > self._last:
            for level, spacing in enumerate(SPACINGS.tolist()):
                self._make_starts(level, spacing, minute)
            self._last = minute
        self._sums += np.asarray(vector, dtype=self._sums.dtype)

    def one_of_each_level(self) -> tuple[NDArray[np.int64], NDArray[Number]]:
        """Return first minutes, int64 [16], and sums, [16, width], of one start of each level.

        On level l it is the start of an age in [2^l, 2^l + g). A level that has none yet has the
        minute -1 and zeros; no minute may be negative.
        """
        starts = (self._last + 1 - _AGES) // SPACINGS * SPACINGS
        sums = self._sums[np.arange(LEVELS), starts // SPACINGS % _KEPT]
        none = starts < (self._last + 1 if self._first is None else self._first)
        sums[none] = 0
        return np.where(none, -1, starts), sums

    def __iter__(self) -> Iterator[Start[Number]]:
        if self._first is None:
            return
        for level, spacing in enumerate(SPACINGS.tolist()):
            newest = self._last // spacing
            for index in range(newest, newest - _KEPT, -1):
                if index * spacing >= self._first:
                    sums = self._sums[level, index % _KEPT].view()
                    sums.flags.writeable = False
                    yield Start(level, self._last + 1 - index * spacing, sums)

    def _make_starts(self, level: int, spacing: int, minute: int) -> None:
        """Begin at zero what starts after the last minute and not after this one."""
        newest = minute // spacing
        for index in range(max(self._last // spacing + 1, newest - _KEPT + 1), newest + 1):
            self._sums[level, index % _KEPT] = 0


def alpha_of_start(
    level: int, alpha: float, watched: int, levels: int = LEVELS, horizon: int = HORIZON_MINUTES
) -> float:
    """Return the error probability of one start of one of ``watched`` series.

    With it the expected number of errors, of all starts on ``levels`` of all series, is at most
    ``alpha`` in any ``horizon`` minutes, whatever depends on what.
    """
    return alpha * int(SPACINGS[level]) / (LIVING_ON * levels * horizon * watched)
