"""What is measured of the documents of a period, with their hours and their cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.drop import measured

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.diagnosis.documents import Documents

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Cells = NDArray[np.int16]

__all__ = ["MAX_DRAWN", "Sample"]

MAX_DRAWN = 20_000
"""Documents of a period that are weighted, which takes time for each of them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Documents of a period: block int64, value float64 [rows], and cells int16 [rows, inputs]."""

    block: Ints
    value: Floats
    cells: Cells

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.value)

    @classmethod
    def of(cls, documents: Documents, measure: str, cells: Cells) -> Self:
        """Return the documents of which ``measure`` is known, by hour."""
        values, rows = measured(measure, documents)
        return cls(documents.hours[rows], values[rows], cells[rows])

    def drawn(self, size: int, generator: np.random.Generator) -> Self:
        """Return up to ``size`` of the documents, drawn at random, in their order."""
        if len(self) <= size:
            return self
        rows = np.sort(generator.choice(np.arange(len(self)), size, replace=False))
        return type(self)(self.block[rows], self.value[rows], self.cells[rows])

    def blocks(self, column: int, size: int) -> Blocks:
        """Return the documents that have a cell of an input of ``size`` cells."""
        cells = self.cells[:, column]
        rows = cells >= 0
        return Blocks.of(self.block[rows], self.value[rows], cells[rows].astype(np.int64), size)
