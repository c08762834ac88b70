"""Run compiled columns: arrays of constants for the numbers, a table of bytes for each category.

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

    from artifacts.bundle.compiled.estimator_output import Floats
    from guards.schema import CanonicalRow, Schema

__all__ = ["CategoryTable", "CompiledColumns", "Layer"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One round of steps on all numeric outputs.

    Every field but ``first_flag`` is float64 [numeric outputs], or None if there is nothing to do.
    ``missing`` stands for a missing value besides NaN. Outputs from ``first_flag`` on become 1
    where the value is missing and 0 elsewhere. The other steps follow in the order of the fields.
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
        """Apply the round to numbers [rows, numeric outputs], in place."""
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
        missing = np.isnan(numbers)
        if self.missing is not None:
            missing |= numbers == self.missing
        np.copyto(numbers, fill, where=missing)
        if self.first_flag is not None:
            numbers[:, self.first_flag :] = missing[:, self.first_flag :]


@dataclass(frozen=True, slots=True)
class CategoryTable:
    """The outputs, as bytes, for each category at ``index`` of a row.

    ``unknown`` is for every other category. None leaves a category to the estimator.
    """

    index: int
    known: Mapping[str, bytes | None]
    unknown: bytes | None


@dataclass(frozen=True, slots=True)
class CompiledColumns:
    """Fitted columns, compiled for documents of ``schema``; safe to share between threads.

    ``absent`` float64 [numbers] replaces a missing number of a row, if that is not NaN. ``sources``
    int64 [numeric outputs] are the indices of the numbers in a row that the outputs come from.
    ``order`` int64 [width] brings the numeric outputs and those of the tables, which follow them,
    into the order of the estimator's output; None if they are in it.
    """

    schema: Schema
    absent: Floats | None
    sources: NDArray[np.int64]
    layers: tuple[Layer, ...]
    tables: tuple[CategoryTable, ...]
    order: NDArray[np.int64] | None

    def transform(self, rows: Sequence[CanonicalRow]) -> Floats | None:
        """Return float64 [rows, width]; None if the estimator has to transform these rows."""
        numeric, categorical = self._numeric(rows), self._categorical(rows)
        if numeric is None or categorical is None:
            return None
        joined = np.concatenate((numeric, categorical), axis=1)
        return joined if self.order is None else joined[:, self.order]

    def _numeric(self, rows: Sequence[CanonicalRow]) -> Floats | None:
        values = [row.numeric for row in rows]
        # Most estimators refuse an infinite number. Which do, and with what message, is theirs.
        if any(math.inf in numbers or -math.inf in numbers for numbers in values):
            return None
        numbers = np.array(values, dtype=np.float64)
        if self.absent is not None:
            np.copyto(numbers, self.absent, where=np.isnan(numbers))
        numbers = numbers.take(self.sources, axis=1)
        for index, layer in enumerate(self.layers):
            if index and np.isinf(numbers).any():
                return None
            layer.apply(numbers)
        return numbers

    def _categorical(self, rows: Sequence[CanonicalRow]) -> Floats | None:
        if not self.tables:
            return np.empty((len(rows), 0))
        cells = [
            table.known.get(row.categories[table.index], table.unknown)
            for row in rows
            for table in self.tables
        ]
        if None in cells:
            return None
        return np.frombuffer(b"".join(cells)).reshape(len(rows), -1)  # type: ignore[arg-type]  # no None here

    @property
    def state(self) -> tuple[object, ...]:
        """Everything besides the schema that an output depends on, as plain values to digest."""
        tables = tuple((table.index, dict(table.known), table.unknown) for table in self.tables)
        layers = tuple(
            tuple(getattr(layer, field.name) for field in fields(layer)) for layer in self.layers
        )
        return self.absent, self.sources, layers, tables, self.order
