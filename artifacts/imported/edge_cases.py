"""Find out how imported columns encode unknown, missing and extreme values.

The settings of an estimator are not relied on: every value is tried on the estimator itself.
"""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.column_inputs import UNSEEN
from artifacts.bundle.compiled.category_tables import with_category
from artifacts.bundle.compiled.estimator_output import transform_each
from guards.errors import Finding, first_line
from guards.schema import MISSING, CanonicalRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.sealed_columns import SealedColumns
    from guards.schema import CategoricalColumn, NumericColumn, Schema

__all__ = ["EdgeCases", "try_edge_cases"]

_TEXT = "some text"
_MAX_ROWS = 100

_HALVINGS = 70
"""So many halvings of an interval find the last number that can be encoded, to the last digit."""


@dataclass(frozen=True, slots=True)
class EdgeCases:
    """The schema with what the columns require, findings that refuse them, and notes to read."""

    schema: Schema
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def try_edge_cases(
    columns: SealedColumns,
    schema: Schema,
    rows: Sequence[CanonicalRow],
    lookalikes: Mapping[str, frozenset[str]],
) -> EdgeCases:
    """Try unknown, missing and extreme values, in one of the most complete of ``rows``.

    ``lookalikes`` are the categories of each column that an unknown one is meant to be encoded as.
    A column that cannot encode a missing value becomes required, and one that cannot encode an
    unknown category becomes closed: such requests are refused rather than answered wrongly.
    """
    try:
        trial = _Trial(columns, schema, _ordinary_row(columns, schema, rows))
    except ValueError as error:
        finding = _unsafe("columns", "the reference table's rows", f"none: {first_line(error)}")
        return EdgeCases(schema, (finding,), ())
    numeric = [trial.bounded(index) for index in range(len(schema.numeric))]
    categorical: list[CategoricalColumn] = []
    findings = [*_unsafe_numbers(numeric)]
    notes: list[str] = []
    for index, column in enumerate(schema.categorical):
        category, alike = trial.closed(index)
        categorical.append(category)
        if not set(alike) <= lookalikes.get(column.name, frozenset()):
            findings.append(_looks_known(category, alike))
        elif alike:
            shown = _shown(category, alike)
            notes.append(f"{category.name}: an unknown category is encoded like {shown}")
    judged = replace(schema, numeric=tuple(numeric), categorical=tuple(categorical))
    return EdgeCases(judged, tuple(findings), (*_refusals(numeric, categorical), *notes))


@dataclass(frozen=True, slots=True)
class _Trial:
    """Tries values on the columns, one at a time, in the row ``base``."""

    columns: SealedColumns
    schema: Schema
    base: CanonicalRow

    def bounded(self, index: int) -> NumericColumn:
        """Return the numeric column, required and bounded as the columns need it."""
        column = self.schema.numeric[index]
        known = (self.base.numeric[index], column.minimum, column.maximum)
        inside = next((each for each in known if each is not None and not math.isnan(each)), 0.0)
        return replace(
            column,
            required=not self._takes(index, math.nan),
            lowest=self._bound(index, inside, -sys.float_info.max),
            highest=self._bound(index, inside, sys.float_info.max),
        )

    def closed(self, index: int) -> tuple[CategoricalColumn, list[str]]:
        """Return the categorical column, closed and required as the columns need it.

        Also returns the known categories that are encoded like an unknown one.
        """
        column = self.schema.categorical[index]
        (unknown,) = self._encoded([with_category(self.base, index, UNSEEN)])
        (missing,) = self._encoded([with_category(self.base, index, MISSING)])
        rows = [with_category(self.base, index, name) for name in column.categories]
        known, alike = [], []
        for name, encoded in zip(column.categories, self._encoded(rows), strict=True):
            if encoded is None:  # one of two encoders may not know it
                continue
            known.append(name)
            if unknown is not None and np.array_equal(encoded, unknown):
                alike.append(name)
        judged = replace(
            column, categories=tuple(known), closed=unknown is None, required=missing is None
        )
        return judged, alike

    def _bound(self, index: int, inside: float, outside: float) -> float | None:
        """Return the outermost number towards ``outside`` that can be encoded, None for any.

        Bisects between the inverse hyperbolic sines, so that it is as exact at every scale.
        """
        if self._takes(index, outside):
            return None
        accepted, refused = math.asinh(inside), math.asinh(outside)
        for _ in range(_HALVINGS):
            middle = (accepted + refused) / 2
            if middle in (accepted, refused):  # no number is between them
                break
            if self._takes(index, math.sinh(middle)):
                accepted, inside = middle, math.sinh(middle)
            else:
                refused = middle
        return inside

    def _takes(self, index: int, value: float) -> bool:
        numbers = self.base.numeric
        numbers = (*numbers[:index], value, *numbers[index + 1 :])
        return next(self._encoded([replace(self.base, numeric=numbers)])) is not None

    def _encoded(self, rows: Sequence[CanonicalRow]) -> Iterator[NDArray[np.float64] | None]:
        """Yield each row encoded; None if that raises or contains NaN."""
        return transform_each(partial(_transformed, self.columns, self.schema), rows)


def _ordinary_row(
    columns: SealedColumns, schema: Schema, rows: Sequence[CanonicalRow]
) -> CanonicalRow:
    """Return the most complete row that can be encoded; raises ``ValueError`` if there is none."""
    reasons = []
    for row in sorted(rows, key=lambda row: len(row.missing) + len(row.unknown))[:_MAX_ROWS]:
        try:
            _transformed(columns, schema, [row])
        except Exception as error:  # noqa: BLE001 (an estimator of somebody's making may raise anything)
            reasons.append(f"{type(error).__name__}: {first_line(error)}")
        else:
            return row
    raise ValueError(reasons[0])


def _transformed(
    columns: SealedColumns, schema: Schema, rows: Sequence[CanonicalRow]
) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        encoded = columns.transform(schema, rows, [_TEXT] * len(rows))
    if np.isnan(encoded).any():
        message = "the encoding holds NaN"
        raise ValueError(message)
    return encoded


def _refusals(
    numeric: Sequence[NumericColumn], categorical: Sequence[CategoricalColumn]
) -> Iterator[str]:
    columns: list[NumericColumn | CategoricalColumn] = [*numeric, *categorical]
    if required := [column.name for column in columns if column.required]:
        yield f"{', '.join(required)}: a missing value cannot be encoded, and is answered with 422"
    for number in numeric:
        beyond = [f"below {number.lowest:g}"] if number.lowest is not None else []
        beyond += [f"above {number.highest:g}"] if number.highest is not None else []
        if beyond:
            which = "" if number.private else f": those {' and '.join(beyond)}"
            yield f"{number.name}: some numbers cannot be encoded, and are answered with 422{which}"
    if closed := [category.name for category in categorical if category.closed]:
        yield (
            f"{', '.join(closed)}: an unknown category cannot be encoded, and is answered with 422 "
            "(an encoder with handle_unknown='ignore' would take it)"
        )


def _unsafe_numbers(numeric: Sequence[NumericColumn]) -> Iterator[Finding]:
    """Yield a finding for each column that can encode one number only."""
    for column in numeric:
        if column.lowest is not None and column.lowest == column.highest:
            observed = "at most one" if column.private else f"at most {column.lowest:g}"
            yield _unsafe(column.name, "ordinary numbers", observed)


def _unsafe(subject: str, expected: str, observed: str) -> Finding:
    return Finding(
        code="columns_unsafe",
        subject=subject,
        expected=f"an encoding of {expected}",
        observed=observed,
        remedy="name it --categorical where an encoder takes it; give rows that the columns were "
        "made for",
    )


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
