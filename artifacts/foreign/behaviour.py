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
    rare: Mapping[str, frozenset[str]],
) -> Behaviour:
    """Try unknown, missing and extreme values in place of those of the completest of ``rows``.

    A column that cannot do with a missing value becomes required, and one that cannot do with an
    unknown category becomes closed: such requests are refused rather than answered wrongly.
    """
    trial = _Trial(columns, schema, min(rows, key=_gaps))
    numeric = [trial.bounded(place) for place in range(len(schema.numeric))]
    categorical = [trial.closed(place) for place in range(len(schema.categorical))]
    findings: list[Finding] = []
    notes = [*_refusals(numeric, categorical)]
    for place, column in enumerate(numeric):
        findings += trial.extremes(place, column)
    for place, category in enumerate(categorical):
        alike = trial.known_alike(place, category)
        infrequent = set(alike) <= rare.get(category.name, frozenset())
        if alike and infrequent:
            notes.append(f"{category.name}: an unknown category counts as an infrequent one")
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
        """Give the numeric column, required where a missing value cannot be encoded."""
        required = self._encoded([self._with_number(place, math.nan)]) is None
        return replace(self.schema.numeric[place], required=required)

    def closed(self, place: int) -> CategoricalColumn:
        """Give the categorical column, closed and required as the encoder makes it."""
        return replace(
            self.schema.categorical[place],
            closed=self._encoded([self._with_category(place, _UNSEEN)]) is None,
            required=self._encoded([self._with_category(place, MISSING)]) is None,
        )

    def extremes(self, place: int, column: NumericColumn) -> Iterator[Finding]:
        """Yield a finding when a number beyond the trained range cannot be encoded."""
        far = 1000 * max(abs(column.minimum or 0.0), abs(column.maximum or 0.0), 1.0)
        for value in (-far, 0.0, far):
            if self._encoded([self._with_number(place, value)]) is None:
                yield Finding(
                    code="columns_unsafe",
                    subject=column.name,
                    expected="an encoding of every finite number",
                    observed=f"none of {value:g}",
                    remedy="train with a transformer that takes any number (Yeo-Johnson instead of "
                    "Box-Cox; an encoder's column is --categorical)",
                )
                return

    def known_alike(self, place: int, category: CategoricalColumn) -> list[str]:
        """Give the known categories that an unknown one is encoded as."""
        unknown = self._encoded([self._with_category(place, _UNSEEN)])
        names = category.categories[:_MOST_CATEGORIES]
        known = self._encoded([self._with_category(place, name) for name in names])
        if unknown is None or known is None:
            return []
        same = (known == unknown).all(axis=1)
        return [name for name, alike in zip(names, same, strict=True) if alike]

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
    for category in categorical:
        if category.closed:
            yield (
                f"{category.name}: an unknown category cannot be encoded, and is answered with 422 "
                "(an encoder with handle_unknown='ignore' would take it)"
            )


def _looks_known(category: CategoricalColumn, alike: Sequence[str]) -> Finding:
    shown = "a private category" if category.private else repr(alike[0])
    more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
    return Finding(
        code="unknown_looks_known",
        subject=category.name,
        expected="an unknown category that is encoded unlike every known one",
        observed=f"the encoding of {shown}{more}",
        remedy="train with an encoder that tells them apart: no drop='first' beside "
        "handle_unknown='ignore', an unknown_value of its own",
    )
