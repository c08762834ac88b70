"""Rows that are counted together, and the cells of each, which stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.drift.cells import Cells

__all__ = ["CountedRow", "RowBatch"]


class RowBatch:
    """Collects ``rows`` until their cells are found, all at once, and then keeps only those."""

    def __init__(self, finders: Sequence[tuple[int, Cells]]) -> None:
        """Start empty; ``finders`` have the column of each feature, and what finds its cells."""
        self.rows: list[tuple[float | str, ...]] = []
        self.confidences: list[float] = []
        self.segments: list[str | None] = []
        self._finders = finders
        self._found: NDArray[np.unsignedinteger] | None = None

    def add(
        self, row: tuple[float | str, ...], confidence: float, segment: str | None
    ) -> CountedRow:
        """Add a row, the confidence of its answer and its segment."""
        self.rows.append(row)
        self.confidences.append(confidence)
        self.segments.append(segment)
        return CountedRow(self, len(self.rows) - 1)

    def close(self, cells: NDArray[np.int64]) -> None:
        """Keep the cells of all rows, int64 [features, rows], in the place of their values."""
        # As few bytes as the largest number needs: labels may come for thousands of rows.
        self._found = cells.T.astype(np.min_scalar_type(cells.max(initial=0)))
        self.rows, self.confidences, self.segments = [], [], []

    def cells(self, index: int) -> Sequence[int]:
        """Return the cell of each feature of a row."""
        if self._found is not None:
            found: list[int] = self._found[index].tolist()
            return found
        row = self.rows[index]
        return [cells.index(row[column]) for column, cells in self._finders]


@dataclass(slots=True, eq=False)
class CountedRow:
    """A row of a batch."""

    batch: RowBatch
    index: int

    def cells(self) -> Sequence[int]:
        """Return the cell of each feature, in the order of the sketch that counted the row."""
        return self.batch.cells(self.index)
