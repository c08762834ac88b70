"""What columns that were trained elsewhere make of unknown, missing and extreme values.

Nothing here trusts an estimator's settings: every value is tried on the estimator itself.
"""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from guards.errors import Finding, first_line
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
_MOST_ROWS = 100
_AT_ONCE = 256

_HALVINGS = 70
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
    try:
        trial = _Trial(columns, schema, _ordinary_row(columns, schema, rows))
    except ValueError as error:
        finding = _unsafe("columns", "the reference table's rows", f"none: {first_line(error)}")
        return Behaviour(schema, (finding,), ())
    numeric = [trial.bounded(place) for place in range(len(schema.numeric))]
    categorical: list[CategoricalColumn] = []
    findings = [*_unsafe_numbers(numeric)]
    notes: list[str] = []
    for place, column in enumerate(schema.categorical):
        category, alike = trial.closed(place)
        categorical.append(category)
        if set(alike) <= lookalikes.get(column.name, frozenset()):
            notes += _meant_to_look_known(category, alike)
        else:
            findings.append(_looks_known(category, alike))
    judged = replace(schema, numeric=tuple(numeric), categorical=tuple(categorical))
    return Behaviour(judged, tuple(findings), (*_refusals(numeric, categorical), *notes))


@dataclass(frozen=True, slots=True)
class _Trial:
    """Tries values on the columns, one at a time, in an otherwise ordinary row."""

    columns: SealedColumns
    schema: Schema
    base: CanonicalRow

    def bounded(self, place: int) -> NumericColumn:
        """Give the numeric column, required and bounded where it cannot be encoded otherwise."""
        inside = self._some_number(place)
        return replace(
            self.schema.numeric[place],
            required=not self._takes(place, math.nan),
            lowest=self._bound(place, inside, -sys.float_info.max),
            highest=self._bound(place, inside, sys.float_info.max),
        )

    def closed(self, place: int) -> tuple[CategoricalColumn, list[str]]:
        """Give the categorical column, closed and required as the encoder makes it.

        And the known categories that an unknown one is encoded as.
        """
        column = self.schema.categorical[place]
        unknown = self._encoded([self._with_category(place, _UNSEEN)])
        known, alike = [], []
        for name, encoded in self._each_encoded(place, column.categories):
            known.append(name)
            if unknown is not None and np.array_equal(encoded, unknown[0]):
                alike.append(name)
        judged = replace(
            column,
            categories=tuple(known),
            closed=unknown is None,
            required=self._encoded([self._with_category(place, MISSING)]) is None,
        )
        return judged, alike

    def _each_encoded(
        self, place: int, names: Sequence[str]
    ) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Yield each category that can be encoded: of two encoders one may not know it."""
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            together = self._encoded([self._with_category(place, name) for name in some])
            for number, name in enumerate(some):
                if together is not None:
                    yield name, together[number]
                elif (alone := self._encoded([self._with_category(place, name)])) is not None:
                    yield name, alone[0]

    def _some_number(self, place: int) -> float:
        column = self.schema.numeric[place]
        known = [self.base.numeric[place], column.minimum, column.maximum]
        return next((value for value in known if value is not None and not math.isnan(value)), 0.0)

    def _bound(self, place: int, inside: float, outside: float) -> float | None:
        """Give the outermost number towards ``outside`` that can be encoded, None for any.

        The middle is taken between the inverse hyperbolic sines, to be as near at every scale.
        """
        if self._takes(place, outside):
            return None
        taken, other = math.asinh(inside), math.asinh(outside)
        for _ in range(_HALVINGS):
            middle = (taken + other) / 2
            if self._takes(place, math.sinh(middle)):
                taken, inside = middle, math.sinh(middle)
            else:
                other = middle
        return inside

    def _takes(self, place: int, value: float) -> bool:
        return self._encoded([self._with_number(place, value)]) is not None

    def _with_number(self, place: int, value: float) -> CanonicalRow:
        return replace(self.base, numeric=_replaced(self.base.numeric, place, value))

    def _with_category(self, place: int, value: str) -> CanonicalRow:
        return replace(self.base, categories=_replaced(self.base.categories, place, value))

    def _encoded(self, rows: Sequence[CanonicalRow]) -> NDArray[np.float64] | None:
        """Encode rows; None when that raises or gives NaN."""
        try:
            return _transformed(self.columns, self.schema, rows)
        except Exception:  # noqa: BLE001 (an estimator of somebody's making may raise anything)
            return None


def _ordinary_row(
    columns: SealedColumns, schema: Schema, rows: Sequence[CanonicalRow]
) -> CanonicalRow:
    """Give the completest row that can be encoded; raises ``ValueError`` with the first reason."""
    reasons = []
    for row in sorted(rows, key=_gaps)[:_MOST_ROWS]:
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


def _gaps(row: CanonicalRow) -> int:
    """Count what a row cannot stand for: missing and unknown values."""
    return len(row.missing) + len(row.unknown)


def _replaced(values: tuple[T, ...], place: int, value: T) -> tuple[T, ...]:
    return (*values[:place], value, *values[place + 1 :])


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
    """Yield a finding for each column in which one number can be encoded, and none around it."""
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


def _meant_to_look_known(category: CategoricalColumn, alike: Sequence[str]) -> Iterator[str]:
    if alike:
        yield f"{category.name}: an unknown category is encoded like {_shown(category, alike)}"


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
