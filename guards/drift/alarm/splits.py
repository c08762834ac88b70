"""The ways to divide a series' cells in two; a series has moved where one of the shares has.

Ordered cells are divided at each of their cuts, and a single one from missing and outside values; a
dictionary into each category and the rest; and missing and outside values from all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.drift.alarm.series import SeriesReference

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Partition", "Split", "SplitKind"]

SplitKind = Literal["cut", "category", "rest", "missing", "outside"]

_MAX_CATEGORIES = 256
"""Of a larger dictionary the most frequent categories have a split each and the others share some:
the arithmetic stays bounded, and so does what the number of splits costs in evidence, while a rare
category that becomes frequent is still seen in its group."""

_RARE_GROUPS = 32


@dataclass(frozen=True, slots=True)
class Split:
    """One division: the indices, in ``[*cells, missing, outside]``, of the cells on one side.

    A ``cut`` has the cells below it, and ``rest`` is a group of the rarer categories.
    """

    kind: SplitKind
    cells: tuple[int, ...]


class Partition:
    """All splits of a series, each a range of its cells in a suitable ``order``.

    ``order`` is int64 [cells + 2]; ``first`` and ``end`` are int64 [splits], and split s holds the
    cells ``order[first[s]:end[s]]``. ``one_sided`` is bool [splits]: of missing and outside values
    only more are evidence, since a reference with none cannot say how few there may be.
    """

    def __init__(self, reference: SeriesReference) -> None:
        cells = len(reference.cells)
        kinds: list[tuple[SplitKind, int]]
        self.order: Ints = np.arange(cells + 2)
        if reference.kind == "ordered":
            # A single cell is a side of its own, or no longer being missing would go unseen.
            end = np.arange(1, 2 if cells == 1 else cells)
            first, kinds = np.zeros_like(end), [("cut", len(end))]
        elif cells <= _MAX_CATEGORIES:
            first, end, kinds = np.arange(cells), np.arange(1, cells + 1), [("category", cells)]
        else:
            self.order[:cells] = np.argsort(-reference.counts[:cells], kind="stable")
            frequent = _MAX_CATEGORIES - _RARE_GROUPS
            bounds = np.linspace(frequent, cells, _RARE_GROUPS + 1).astype(np.int64)
            edges = np.concatenate([np.arange(frequent), bounds])
            first, end = edges[:-1], edges[1:]
            kinds = [("category", frequent), ("rest", _RARE_GROUPS)]
        self.first: Ints = np.append(first, [cells, cells + 1])
        self.end: Ints = np.append(end, [cells + 1, cells + 2])
        kinds += [("missing", 1), ("outside", 1)]
        self._kinds = [kind for kind, count in kinds for _ in range(count)]
        self.one_sided = np.arange(len(self)) >= len(self) - 2

    def __len__(self) -> int:
        """Return the number of splits."""
        return len(self.first)

    def __getitem__(self, index: int) -> Split:
        """Return one split."""
        cells = np.sort(self.order[self.first[index] : self.end[index]])
        return Split(self._kinds[index], tuple(cells.tolist()))

    def successes(self, counts: Ints) -> Floats:
        """Return how many documents are in each split, [..., splits], of [..., cells + 2]."""
        padding = [(0, 0)] * (counts.ndim - 1) + [(1, 0)]
        running = np.pad(np.cumsum(counts[..., self.order], axis=-1), padding)
        return np.asarray(running[..., self.end] - running[..., self.first], dtype=np.float64)

    def shares(self, counts: Ints) -> Floats:
        """Return the padded reference shares (r + ½) / (m + 1), float64 [splits].

        They are the means of the posterior Beta(r + ½, m - r + ½) of Jeffreys (1946). One-sided
        splits have (r + 1) / (m + 1), of the Beta distribution whose quantiles are the upper limits
        of Clopper and Pearson (1934).
        """
        pad = np.where(self.one_sided, 1.0, 0.5)
        return np.asarray((self.successes(counts) + pad) / (counts.sum() + 1))

    def hourly_shares(self, hours: Ints) -> tuple[Floats, Floats]:
        """Return padded shares, float64 [168, splits], and rows, float64 [168], of each hour.

        ``hours`` is int64 [168, cells + 2]. One document of padding is divided over the hours by
        their rows, since half a document in every hour would claim that rare values are not
        rare. An hour without rows has the shares of all hours, known as if from a single row.
        """
        total, rows = max(int(hours.sum()), 1), hours.sum(axis=-1, dtype=np.float64)
        pad = np.where(self.one_sided, 1.0, 0.5) / total
        padded = np.maximum(rows * (1 + 1 / total), 1.0)
        shares = (self.successes(hours) + rows[:, None] * pad) / padded[:, None]
        everywhere = self.shares(hours.sum(axis=0))
        return np.where(rows[:, None] > 0, shares, everywhere), padded
