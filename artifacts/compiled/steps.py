"""What runs at each request: arrays for the numbers, and a table of bytes for each category.

Everything here is bytes, tuples, and arrays and mappings that cannot be written to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from guards.schema import CanonicalRow, Schema

    Floats = NDArray[np.float64]

__all__ = ["CompiledColumns", "Layer", "Table"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One round of steps on all numbers, each field float64 [lanes], None for nothing to do.

    ``missing`` is what stands for a missing value besides NaN, and lanes from ``first_flag`` on
    are 1 where it is. The rest is done in the order of the fields.
    """

    missing: Floats | None
    fill: Floats | None
    first_flag: int | None
    subtract: Floats | None
    divide: Floats | None
    multiply: Floats | None
    add: Floats | None
    lowest: Floats | None
    highest: Floats | None

    def apply(self, numbers: Floats) -> None:
        """Take numbers [rows, lanes] through this round, in place."""
        if self.fill is not None:
            self._fill(numbers, self.fill)
        if self.subtract is not None:
            numbers -= self.subtract
        if self.divide is not None:
            numbers /= self.divide
        if self.multiply is not None:
            numbers *= self.multiply
        if self.add is not None:
            numbers += self.add
        if self.lowest is not None:
            np.clip(numbers, self.lowest, self.highest, out=numbers)

    def _fill(self, numbers: Floats, fill: Floats) -> None:
        gaps = np.isnan(numbers)
        if self.missing is not None:
            gaps |= numbers == self.missing
        np.copyto(numbers, fill, where=gaps)
        if self.first_flag is not None:
            numbers[:, self.first_flag :] = gaps[:, self.first_flag :]


@dataclass(frozen=True, slots=True)
class Table:
    """What each category at ``place`` of a row gives, as the bytes of its part of the output.

    ``unknown`` is for every other category. None leaves a category to the estimator.
    """

    place: int
    known: Mapping[str, bytes | None]
    unknown: bytes | None


@dataclass(frozen=True, slots=True)
class CompiledColumns:
    """Fitted columns, compiled for documents of ``schema``; safe to share by threads.

    ``sources`` int64 [lanes] are the places of the numbers in a row, ``absent`` float64 [numbers]
    is what arrives for a missing one where that is not NaN, and ``order`` int64 [width] puts
    numbers and categories where they belong.
    """

    schema: Schema
    absent: Floats | None
    sources: NDArray[np.int64]
    layers: tuple[Layer, ...]
    tables: tuple[Table, ...]
    order: NDArray[np.int64] | None

    def transform(self, rows: Sequence[CanonicalRow]) -> Floats | None:
        """Give float64 [rows, width], or None where the estimator has to answer itself."""
        numbers, cells = self._numbers(rows), self._cells(rows)
        if numbers is None or cells is None:
            return None
        joined = np.concatenate((numbers, cells), axis=1)
        return joined if self.order is None else joined[:, self.order]

    def _numbers(self, rows: Sequence[CanonicalRow]) -> Floats | None:
        given = [row.numeric for row in rows]
        # Most estimators refuse an infinite number; which, and in what words, is theirs to say.
        if any(math.inf in numeric or -math.inf in numeric for numeric in given):
            return None
        numbers = np.array(given, dtype=np.float64)
        if self.absent is not None:
            np.copyto(numbers, self.absent, where=np.isnan(numbers))
        numbers = numbers.take(self.sources, axis=1)
        for place, layer in enumerate(self.layers):
            if place and np.isinf(numbers).any():
                return None
            layer.apply(numbers)
        return numbers

    def _cells(self, rows: Sequence[CanonicalRow]) -> Floats | None:
        if not self.tables:
            return np.empty((len(rows), 0))
        found = [
            table.known.get(row.categories[table.place], table.unknown)
            for row in rows
            for table in self.tables
        ]
        if None in found:
            return None
        return np.frombuffer(b"".join(found)).reshape(len(rows), -1)  # type: ignore[arg-type]  # no None here

    @property
    def state(self) -> tuple[object, ...]:
        """Everything besides the schema that an answer hangs on, as plain values to digest."""
        tables = ((table.place, dict(table.known), table.unknown) for table in self.tables)
        layers = (tuple(getattr(layer, one.name) for one in fields(layer)) for layer in self.layers)
        return self.absent, self.sources, tuple(layers), tuple(tables), self.order
