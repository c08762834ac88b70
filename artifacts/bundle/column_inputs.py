"""Canonical rows in the form that the columns were fitted on.

The columns that Understudy fits itself take canonical values as they are. Columns that were fitted
elsewhere may know a category as the number 3, a missing one as NaN, and a text by the name of its
column. :class:`ColumnInputs` describes that, and is part of the preprocessing's fingerprint.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from guards.schema import MISSING, canonical_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonMapping, JsonObject
    from guards.schema import CanonicalRow, Schema

__all__ = ["NEVER_SEEN", "UNSEEN", "ColumnInput", "ColumnInputs", "Native", "column_inputs_of"]

UNSEEN = "\x00unseen"
"""Stands for a category that no table and no request can hold (it has a control character)."""

NEVER_SEEN = "a category that training never saw"
"""An unknown category as a request may hold it."""

Native = str | int | float | bool | None
"""A value as the columns were fitted on it."""

_NAN = {"not a number": True}
"""NaN in JSON, which has none."""


@dataclass(frozen=True, slots=True)
class ColumnInput:
    """One column of the input that the fitted columns take.

    ``natives`` maps a canonical category to the value that training had for it. In a column of
    objects, a category that ``natives`` lacks is passed as it is; in a column of numbers, as the
    number that it is, or as ``unknown`` if it is none. ``missing`` stands for a missing value.
    ``dtype`` is that of the column.
    """

    name: str
    kind: Literal["numeric", "category", "text"]
    natives: Mapping[str, Native]
    missing: Native
    unknown: Native
    dtype: Literal["float64", "object"]

    def native(self, category: str) -> Native:
        """Return the value that training had for a canonical category."""
        if category == MISSING:
            return self.missing
        if category in self.natives or self.dtype == "object":
            return self.natives.get(category, category)
        number = canonical_number(category)
        return self.unknown if number is None else number

    def to_json(self) -> JsonObject:
        """Return the column as plain JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "natives": dict(self.natives),
            "missing": _NAN if _is_nan(self.missing) else self.missing,
            "unknown": _NAN if _is_nan(self.unknown) else self.unknown,
            "dtype": self.dtype,
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> ColumnInput:
        """Read what ``to_json`` returned; raises ``KeyError`` or ``TypeError`` if malformed."""
        missing, unknown = (
            math.nan if data[name] == _NAN else data[name] for name in ("missing", "unknown")
        )
        return cls(**{**data, "missing": missing, "unknown": unknown})


@dataclass(frozen=True, slots=True)
class ColumnInputs:
    """What the fitted columns take: a frame with names, an array without, or bare texts."""

    shape: Literal["frame", "array", "texts"]
    columns: tuple[ColumnInput, ...]

    def fill(
        self, schema: Schema, rows: Sequence[CanonicalRow], texts: Sequence[str]
    ) -> pd.DataFrame | NDArray[np.generic] | list[str]:
        """Return the input for these documents, in order."""
        if self.shape == "texts":
            return list(texts)
        filled = {column.name: _fill(column, schema, rows, texts) for column in self.columns}
        if self.shape == "frame":
            return pd.DataFrame({n: pd.Series(v, dtype=v.dtype) for n, v in filled.items()})
        return np.column_stack(list(filled.values()))

    def to_json(self) -> JsonObject:
        """Return the inputs as plain JSON."""
        return {"shape": self.shape, "columns": [column.to_json() for column in self.columns]}

    @classmethod
    def from_json(cls, data: JsonMapping) -> ColumnInputs:
        """Read what ``to_json`` returned; raises ``KeyError`` or ``TypeError`` if malformed."""
        return cls(data["shape"], tuple(ColumnInput.from_json(c) for c in data["columns"]))


def column_inputs_of(schema: Schema) -> ColumnInputs:
    """Return the inputs of columns that Understudy fits itself: canonical values as they are."""
    numeric = (
        ColumnInput(column.name, "numeric", {}, math.nan, None, "float64")
        for column in schema.numeric
    )
    categorical = (
        ColumnInput(column.name, "category", {}, MISSING, None, "object")
        for column in schema.categorical
    )
    return ColumnInputs("frame", (*numeric, *categorical))


def _fill(
    column: ColumnInput, schema: Schema, rows: Sequence[CanonicalRow], texts: Sequence[str]
) -> NDArray[np.generic]:
    if column.kind == "text":
        return _objects(texts)
    if column.kind == "numeric":
        index = [each.name for each in schema.numeric].index(column.name)
        numbers = np.array([row.numeric[index] for row in rows], dtype=np.float64)
        missing = column.missing
        numbers[np.isnan(numbers)] = missing if isinstance(missing, int | float) else math.nan
        return numbers
    index = [each.name for each in schema.categorical].index(column.name)
    values = [column.native(row.categories[index]) for row in rows]
    return np.array(values, dtype=np.float64) if column.dtype == "float64" else _objects(values)


def _objects(values: Sequence[object]) -> NDArray[np.object_]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _is_nan(value: Native) -> bool:
    return isinstance(value, float) and math.isnan(value)
