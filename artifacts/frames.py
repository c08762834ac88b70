"""Canonical rows in the very form that the columns were fitted on.

What Understudy trains itself takes canonical values as they are. Columns that were trained
elsewhere know a category as the number 3, a missing one as NaN, and a text by its column's name: a
:class:`Frame` says so, and is part of the preprocessing's fingerprint.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from guards.schema import MISSING, canonical_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.schema import CanonicalRow, Schema

__all__ = ["Frame", "FrameColumn", "Native", "frame_of"]

Native = str | int | float | bool | None
"""A value as the columns were fitted on it."""

_NAN = {"not a number": True}
"""How JSON, which has no NaN, says NaN."""


@dataclass(frozen=True, slots=True)
class FrameColumn:
    """One column of the input that the fitted columns take.

    ``natives`` maps a canonical category to what training had in its place; a category that it
    lacks is passed as it is, in a column of numbers as the number that it is, or as ``unknown``
    where it is none. ``missing`` stands for a missing value. ``dtype`` is the column's.
    """

    name: str
    kind: Literal["numeric", "category", "text"]
    natives: Mapping[str, Native]
    missing: Native
    unknown: Native
    dtype: Literal["float64", "object"]

    def native(self, category: str) -> Native:
        """Give what training had in the place of a canonical category."""
        if category == MISSING:
            return self.missing
        if category in self.natives or self.dtype == "object":
            return self.natives.get(category, category)
        number = canonical_number(category)
        return self.unknown if number is None else number

    def to_json(self) -> dict[str, Any]:
        """Give the column as plain JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "natives": dict(self.natives),
            "missing": _to_json(self.missing),
            "unknown": _to_json(self.unknown),
            "dtype": self.dtype,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FrameColumn:
        """Read a column back; raises ``KeyError`` or ``TypeError`` where it is malformed."""
        return cls(
            **{
                **data,
                "missing": _from_json(data["missing"]),
                "unknown": _from_json(data["unknown"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """What the fitted columns take: a frame with names, an array without, or bare texts."""

    shape: Literal["frame", "array", "texts"]
    columns: tuple[FrameColumn, ...]

    def fill(
        self, schema: Schema, rows: Sequence[CanonicalRow], texts: Sequence[str]
    ) -> pd.DataFrame | np.ndarray[Any, Any] | list[str]:
        """Give the input for these documents, in order."""
        if self.shape == "texts":
            return list(texts)
        filled = {column.name: _fill(column, schema, rows, texts) for column in self.columns}
        if self.shape == "frame":
            return pd.DataFrame({n: pd.Series(v, dtype=v.dtype) for n, v in filled.items()})
        return np.column_stack(list(filled.values()))

    def to_json(self) -> dict[str, Any]:
        """Give the frame as plain JSON."""
        return {"shape": self.shape, "columns": [column.to_json() for column in self.columns]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Frame:
        """Read a frame back; raises ``KeyError`` or ``TypeError`` where it is malformed."""
        return cls(data["shape"], tuple(FrameColumn.from_json(c) for c in data["columns"]))


def frame_of(schema: Schema) -> Frame:
    """Give the frame of columns that Understudy fits itself: canonical values, as they are."""
    return Frame(
        "frame",
        (
            *(
                FrameColumn(c.name, "numeric", {}, math.nan, None, "float64")
                for c in schema.numeric
            ),
            *(
                FrameColumn(c.name, "category", {}, MISSING, None, "object")
                for c in schema.categorical
            ),
        ),
    )


def _fill(
    column: FrameColumn, schema: Schema, rows: Sequence[CanonicalRow], texts: Sequence[str]
) -> np.ndarray[Any, Any]:
    if column.kind == "text":
        return _objects(texts)
    if column.kind == "numeric":
        place = [one.name for one in schema.numeric].index(column.name)
        numbers = np.array([row.numeric[place] for row in rows], dtype=np.float64)
        missing = column.missing
        numbers[np.isnan(numbers)] = missing if isinstance(missing, int | float) else math.nan
        return numbers
    place = [one.name for one in schema.categorical].index(column.name)
    values = [column.native(row.categories[place]) for row in rows]
    return np.array(values, dtype=np.float64) if column.dtype == "float64" else _objects(values)


def _objects(values: Sequence[object]) -> np.ndarray[Any, Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _to_json(value: Native) -> object:
    return _NAN if isinstance(value, float) and math.isnan(value) else value


def _from_json(value: Any) -> Native:  # noqa: ANN401 (JSON)
    return math.nan if value == _NAN else value
