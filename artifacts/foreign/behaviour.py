"""What columns that were trained elsewhere make of unknown, missing and extreme values.

Nothing here trusts an estimator's settings: every value is tried on the estimator itself.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from guards.errors import Finding
from guards.schema import MISSING, CanonicalRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from artifacts.sealed_columns import SealedColumns
    from guards.schema import CategoricalColumn, NumericColumn, Schema

__all__ = ["Behaviour", "observe_behaviour"]

_UNSEEN = "\x00unseen"
"""Stands for a category that no encoder knows (it has a control character)."""

_TEXT = "some text"
_MOST_CATEGORIES = 5000

_HALVINGS = 80
"""So often an interval is halved to find the last number that can be encoded, to the last digit."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The schema as the columns enforce it, what is refused, and what the user should know."""

    schema: Schema
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def observe_behaviour(
    columns: SealedColumns,
    schema: Schema,
    rows: Sequence[CanonicalRow],
    lookalikes: Mapping[str, frozenset[str]],
) -> Behaviour:
    """Try unknown, missing and extreme values in place of those of the completest of ``rows``.

    ``lookalikes`` are the categories of each column that an unknown one was meant to be encoded as.
    A column that cannot do with a missing value becomes required, and one that cannot do with an
    unknown category becomes closed: such requests are refused rather than answered wrongly.
    """
    trial = _Trial(columns, schema, min(rows, key=_gaps))
    numeric = [trial.bounded(place) for place in range(len(schema.numeric))]
    categorical = [trial.closed(place) for place in range(len(schema.categorical))]
    findings: list[Finding] = []
    notes = [*_refusals(numeric, categorical)]
    for place in range(len(numeric)):
        findings += trial.unsafe(place)
    for place, category in enumerate(categorical):
        alike = trial.known_alike(place, category)
        meant = set(alike) <= lookalikes.get(category.name, frozenset())
        if alike and meant:
            notes.append(_meant_to_look_known(category, alike))
        elif alike:
            findings.append(_looks_known(category, alike))
    judged = replace(schema, numeric=tuple(numeric), categorical=tuple(categorical))
    return Behaviour(judged, tuple(findings), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Trial:
    """Tries values on the columns, one at a time, in an otherwise ordinary row."""

    columns: SealedColumns
    schema: Schema
    base: CanonicalRow

    def bounded(self, place: int) -> NumericColumn:
        """Give the numeric column, required and bounded where it cannot be encoded otherwise."""
        column = self.schema.numeric[place]
        far = 1000 * max(abs(column.minimum or 0.0), abs(column.maximum or 0.0), 1.0)
        inside = self._some_number(place)
        return replace(
            column,
            required=not self._takes(place, math.nan),
            lowest=self._bound(place, inside, -far),
            highest=self._bound(place, inside, far),
        )

    def closed(self, place: int) -> CategoricalColumn:
        """Give the categorical column, closed and required as the encoder makes it."""
        return replace(
            self.schema.categorical[place],
            closed=self._encoded([self._with_category(place, _UNSEEN)]) is None,
            required=self._encoded([self._with_category(place, MISSING)]) is None,
        )

    def unsafe(self, place: int) -> Iterator[Finding]:
        """Yield a finding when not even a number of the reference can be encoded, or zero."""
        column = self.schema.numeric[place]
        if not any(self._takes(place, value) for value in (self._some_number(place), 0.0)):
            yield Finding(
                code="columns_unsafe",
                subject=column.name,
                expected="an encoding of ordinary numbers",
                observed="none of a number in the reference table, nor of zero",
                remedy="name it --categorical where an encoder takes it; give rows that the "
                "columns were made for",
            )

    def known_alike(self, place: int, category: CategoricalColumn) -> list[str]:
        """Give the known categories that an unknown one is encoded as."""
        unknown = self._encoded([self._with_category(place, _UNSEEN)])
        names = category.categories[:_MOST_CATEGORIES]
        known = self._encoded([self._with_category(place, name) for name in names])
        if unknown is None or known is None:
            return []
        same = (known == unknown).all(axis=1)
        return [name for name, alike in zip(names, same, strict=True) if alike]

    def _some_number(self, place: int) -> float:
        column = self.schema.numeric[place]
        known = [self.base.numeric[place], column.minimum, column.maximum]
        return next((value for value in known if value is not None and not math.isnan(value)), 0.0)

    def _bound(self, place: int, inside: float, outside: float) -> float | None:
        """Give the outermost number towards ``outside`` that can be encoded, None for any."""
        if self._takes(place, outside):
            return None
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if self._takes(place, middle) else (inside, middle)
        return inside

    def _takes(self, place: int, value: float) -> bool:
        return self._encoded([self._with_number(place, value)]) is not None

    def _with_number(self, place: int, value: float) -> CanonicalRow:
        return replace(self.base, numeric=_replaced(self.base.numeric, place, value))

    def _with_category(self, place: int, value: str) -> CanonicalRow:
        return replace(self.base, categories=_replaced(self.base.categories, place, value))

    def _encoded(self, rows: Sequence[CanonicalRow]) -> NDArray[np.float64] | None:
        """Encode rows; None when that raises or gives NaN."""
        if not rows:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                encoded = self.columns.transform(self.schema, rows, [_TEXT] * len(rows))
        except Exception:  # noqa: BLE001 (an estimator of somebody's making may raise anything)
            return None
        return None if np.isnan(encoded).any() else encoded


def _gaps(row: CanonicalRow) -> int:
    """Count what a row cannot stand for: missing and unknown values."""
    return len(row.missing) + len(row.unknown)


def _replaced(values: tuple[T, ...], place: int, value: T) -> tuple[T, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _refusals(
    numeric: Sequence[NumericColumn], categorical: Sequence[CategoricalColumn]
) -> Iterator[str]:
    columns: list[NumericColumn | CategoricalColumn] = [*numeric, *categorical]
    for column in columns:
        if column.required:
            yield f"{column.name}: a missing value cannot be encoded, and is answered with 422"
    for number in numeric:
        if number.lowest is not None or number.highest is not None:
            yield f"{number.name}: some numbers cannot be encoded, and are answered with 422"
    for category in categorical:
        if category.closed:
            yield (
                f"{category.name}: an unknown category cannot be encoded, and is answered with 422 "
                "(an encoder with handle_unknown='ignore' would take it)"
            )


def _meant_to_look_known(category: CategoricalColumn, alike: Sequence[str]) -> str:
    return f"{category.name}: an unknown category is encoded like {_shown(category, alike)}"


def _shown(category: CategoricalColumn, alike: Sequence[str]) -> str:
    more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
    return ("a private category" if category.private else repr(alike[0])) + more


def _looks_known(category: CategoricalColumn, alike: Sequence[str]) -> Finding:
    return Finding(
        code="unknown_looks_known",
        subject=category.name,
        expected="an unknown category that is encoded unlike every known one",
        observed=f"the encoding of {_shown(category, alike)}",
        remedy="train with an encoder that tells them apart: no drop='first' beside "
        "handle_unknown='ignore', an unknown_value of its own",
    )
