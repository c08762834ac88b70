"""Counts and sums over pairs of answers, exact and in any order.

Numbers become multiples of 2^-30, rounded half to even, and their sums are whole numbers of Python,
which have no limit.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass
from operator import add
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from guards.evidence.columns import PairColumns

__all__ = [
    "NEAR_BOUNDARY",
    "UNIT",
    "Cell",
    "PairSums",
    "cell_counts",
    "exact_squares",
    "fixed",
    "sums_by_cell",
]

UNIT = 2**30
"""How many units a difference of 1 has; squares are in units of its square."""

NEAR_BOUNDARY = 0.2
"""An answer whose margin is smaller is near the boundary between two classes."""

_LOW_BITS = 32


class Cell(NamedTuple):
    """Documents of one segment, or of none, to which the champion gives one label."""

    segment: str | None
    label: str


@dataclass(frozen=True, slots=True)
class PairSums:
    """Sums over compared documents; all but counts are in units of 1 / ``UNIT``.

    ``shift`` is the sum of challenger minus champion confidence, and ``shift_squares`` that of its
    squares, in units of 1 / ``UNIT`` squared. ``margin_shift`` and ``entropy_shift`` are likewise
    challenger minus champion. ``approached`` counts documents on which only the challenger is near
    a boundary, ``receded`` those on which only the champion is.
    """

    compared: int = 0
    agreed: int = 0
    champion_confidence: int = 0
    challenger_confidence: int = 0
    shift: int = 0
    shift_squares: int = 0
    margin_shift: int = 0
    entropy_shift: int = 0
    divergence: int = 0
    approached: int = 0
    receded: int = 0

    def __add__(self, other: PairSums) -> PairSums:
        return PairSums(*map(add, astuple(self), astuple(other)))

    @property
    def disagreed(self) -> int:
        """The number of documents with different labels."""
        return self.compared - self.agreed


def fixed(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return values as whole numbers of units, rounded half to even."""
    return np.rint(values * UNIT).astype(np.int64)


def exact_squares(units: NDArray[np.int64]) -> int:
    """Return the sum of squares of whole numbers below 2^31.5, without overflow."""
    squares = units * units
    high, low = squares >> _LOW_BITS, squares & (2**_LOW_BITS - 1)
    return (int(high.sum()) << _LOW_BITS) + int(low.sum())


def cell_counts(columns: PairColumns) -> dict[Cell, int]:
    """Return the number of rows of each cell."""
    segments, labels = columns.segments, columns.champion.labels
    names = (*segments.names, None)
    pairs = zip(segments.codes.tolist(), labels.codes.tolist(), strict=True)
    return Counter(Cell(names[segment], labels.names[label]) for segment, label in pairs)


def sums_by_cell(columns: PairColumns) -> Mapping[Cell, PairSums]:
    """Return the sums of each cell that occurs in comparable rows."""
    if not len(columns):
        return {}
    segments, labels = columns.segments, columns.champion.labels
    keys = (segments.codes + 1) * len(labels.names) + labels.codes
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    sums = np.add.reduceat(_addends(columns)[order], starts, axis=0)
    # Code -1, no segment, became 0 above: it finds the last name here.
    names = (*segments.names, None)
    codes = [divmod(key, len(labels.names)) for key in keys[order][starts].tolist()]
    cells = [Cell(names[segment - 1], labels.names[label]) for segment, label in codes]
    return {cell: _as_sums(row) for cell, row in zip(cells, sums.tolist(), strict=True)}


def _addends(columns: PairColumns) -> NDArray[np.int64]:
    """Return what each row adds to the fields of ``PairSums``; the squares in two halves."""
    champion, challenger = columns.champion, columns.challenger
    shift = fixed(challenger.confidence - champion.confidence)
    squares = shift * shift
    near, was_near = (who.margin < NEAR_BOUNDARY for who in (challenger, champion))
    return np.stack(
        [
            np.ones_like(shift),
            champion.labels.equals(challenger.labels),
            fixed(champion.confidence),
            fixed(challenger.confidence),
            shift,
            squares >> _LOW_BITS,
            squares & (2**_LOW_BITS - 1),
            fixed(challenger.margin - champion.margin),
            fixed(challenger.entropy - champion.entropy),
            fixed(columns.divergence),
            near & ~was_near,
            was_near & ~near,
        ],
        axis=1,
    )


def _as_sums(row: list[int]) -> PairSums:
    before, (high, low), after = row[:5], row[5:7], row[7:]
    return PairSums(*[*before, (high << _LOW_BITS) + low, *after])
