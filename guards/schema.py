"""The inputs that a bundle takes, and the one canonical form of a document's columns.

Training tables and live requests go through the same :meth:`Schema.canonical`, so that a value
means the same in both: a CSV's ``"12"`` and JSON's ``12`` are one number, ``" 1"`` and ``1`` are
one category, and an absent key, ``null``, an empty text and ``"nan"`` are one missing value.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "MISSING",
    "CanonicalRow",
    "CategoricalColumn",
    "NumericColumn",
    "Problem",
    "Schema",
    "canonical_category",
    "canonical_number",
]

MISSING = ""
"""The canonical form of a missing category; no known category can equal it."""

_TRUTH_TEXTS = frozenset({"false", "true"})
_WHOLE = re.compile(r"(-?(?:0|[1-9]\d{0,14}))\.0+", re.ASCII)
_MISSING_TEXTS = frozenset({"", "nan"})
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LARGEST_EXACT = 2.0**53

_CATEGORY_CHARS = 500
"""A longer category is known by its beginning: composing takes time in the square of the length of
a run of combining marks, and a megabyte of them would take an hour."""


@dataclass(frozen=True, slots=True)
class NumericColumn:
    """A numeric column; ``minimum`` and ``maximum`` span the training rows (None: all missing).

    ``lowest`` and ``highest`` bound what can be encoded at all (None: any number).
    """

    name: str
    minimum: float | None
    maximum: float | None
    required: bool = False
    private: bool = False
    lowest: float | None = None
    highest: float | None = None

    def cannot_encode(self, value: float) -> bool:
        """Tell whether a present value lies beyond what can be encoded."""
        too_low = self.lowest is not None and value < self.lowest
        return too_low or (self.highest is not None and value > self.highest)

    def out_of_range(self, value: float) -> bool:
        """Tell whether a present value lies outside what training saw."""
        if self.minimum is None or self.maximum is None or math.isnan(value):
            return False
        return not self.minimum <= value <= self.maximum


@dataclass(frozen=True, slots=True)
class CategoricalColumn:
    """A categorical column and the categories that the encoder knows, in the encoder's order.

    ``closed`` says that the encoder cannot do with any other: such a document is refused.
    """

    name: str
    categories: tuple[str, ...]
    required: bool = False
    private: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value does not fit: its path inside the request, and what is wrong in words."""

    path: str
    problem: str


@dataclass(frozen=True, slots=True)
class CanonicalRow:
    """The columns of one document in canonical form, with what was noticed on the way.

    ``numeric`` has NaN for a missing value and ``categories`` has ``MISSING``; both follow the
    schema's order. The other fields name the columns concerned. ``coerced`` names those whose
    value came in another form than the canonical one: a number as a text, a category as a number
    or a truth value, padded, or not composed. Every number from a CSV is, being a text there.
    """

    numeric: tuple[float, ...]
    categories: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    coerced: tuple[str, ...] = ()
    out_of_range: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """What a document must look like: text columns of the table, feature columns, and labels.

    ``text`` names the table's text columns, joined with one space in this order, which is what a
    request's ``text`` holds. ``labels`` are in the order of the network's outputs.
    """

    text: tuple[str, ...]
    numeric: tuple[NumericColumn, ...]
    categorical: tuple[CategoricalColumn, ...]
    labels: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the feature columns, numeric ones first."""
        return (*(c.name for c in self.numeric), *(c.name for c in self.categorical))

    @property
    def private(self) -> tuple[str, ...]:
        """Name the feature columns whose values must not leave the bundle."""
        return (
            *(c.name for c in self.numeric if c.private),
            *(c.name for c in self.categorical if c.private),
        )

    def canonical(
        self, features: Mapping[str, object], path: str = "features"
    ) -> tuple[CanonicalRow, list[Problem]]:
        """Bring the columns of one document into canonical form.

        Returns the row and every problem found; the row is meaningful only without problems.
        """
        problems: list[Problem] = []
        numbers = [self._number(column, features, path, problems) for column in self.numeric]
        categories = [
            self._category(column, features, path, problems) for column in self.categorical
        ]
        missing = (
            *(c.name for c, v in zip(self.numeric, numbers, strict=True) if math.isnan(v)),
            *(c.name for c, v in zip(self.categorical, categories, strict=True) if v == MISSING),
        )
        row = CanonicalRow(
            numeric=tuple(numbers),
            categories=tuple(categories),
            unknown=tuple(
                column.name
                for column, value in zip(self.categorical, categories, strict=True)
                if value != MISSING and value not in column.categories
            ),
            missing=missing,
            coerced=tuple(
                name
                for name, value in zip(self.columns, (*numbers, *categories), strict=True)
                if name not in missing and features[name] != value
            ),
            out_of_range=tuple(
                column.name
                for column, value in zip(self.numeric, numbers, strict=True)
                if column.out_of_range(value)
            ),
            extra=tuple(sorted(set(features) - set(self.columns))),
        )
        return row, problems

    def _number(
        self,
        column: NumericColumn,
        features: Mapping[str, object],
        path: str,
        problems: list[Problem],
    ) -> float:
        value = canonical_number(features.get(column.name))
        if value is None:
            problems.append(Problem(f"{path}.{column.name}", "is not a finite number"))
            return math.nan
        if column.required and math.isnan(value):
            problems.append(Problem(f"{path}.{column.name}", "is required"))
        if column.cannot_encode(value):
            problems.append(Problem(f"{path}.{column.name}", "is beyond what can be encoded"))
        return value

    def _category(
        self,
        column: CategoricalColumn,
        features: Mapping[str, object],
        path: str,
        problems: list[Problem],
    ) -> str:
        value = canonical_category(features.get(column.name))
        if value is None:
            problems.append(
                Problem(f"{path}.{column.name}", "is not a text, a number or a truth value")
            )
            return MISSING
        if column.required and value == MISSING:
            problems.append(Problem(f"{path}.{column.name}", "is required"))
        if column.closed and value != MISSING and value not in column.categories:
            problems.append(Problem(f"{path}.{column.name}", "is no category that is known"))
        return value

    def to_json(self) -> dict[str, Any]:
        """Give the schema as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Schema:
        """Read a schema back; raises ``KeyError`` or ``TypeError`` where it is malformed."""
        return cls(
            text=_texts(data["text"]),
            numeric=tuple(NumericColumn(**column) for column in data["numeric"]),
            categorical=tuple(
                CategoricalColumn(**{**column, "categories": _texts(column["categories"])})
                for column in data["categorical"]
            ),
            labels=_texts(data["labels"]),
        )


def canonical_number(value: object) -> float | None:
    """Give the float64 that a value stands for, NaN when it is missing, None when it is neither.

    Takes what JSON, CSV and Parquet hold: numbers, and texts of a plain ASCII decimal. Truth
    values, ``"1,5"``, ``"1_000"``, other scripts' digits and whatever overflows are none.
    """
    if value is None:
        return math.nan
    if isinstance(value, str):
        return _number_of_text(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return _unless_infinite(float(value))
    except OverflowError:
        return None


def canonical_category(value: object) -> str | None:
    """Give the text that a category is known by, ``MISSING`` when missing, None when it has none.

    Whole numbers lose their fraction (``1.0``, ``"1.0"`` and ``"1"`` are one category), truth
    values are ``true`` and ``false``, also where a CSV has them as texts, and texts are stripped,
    cut to their first 500 characters, and composed (Unicode NFC).
    """
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _category_of_number(value)
    if not isinstance(value, str):
        return None
    return _category_of_text(value)


def _category_of_text(value: str) -> str:
    text = unicodedata.normalize("NFC", value.strip()[:_CATEGORY_CHARS])[:_CATEGORY_CHARS].strip()
    if text.lower() in _MISSING_TEXTS:
        return MISSING
    if text.lower() in _TRUTH_TEXTS:
        return text.lower()
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _number_of_text(text: str) -> float | None:
    if text.lower() in _MISSING_TEXTS:
        return math.nan
    return _unless_infinite(float(text)) if _DECIMAL.fullmatch(text) else None


def _category_of_number(value: float) -> str | None:
    if isinstance(value, int):
        return str(value) if abs(value) < _LARGEST_EXACT else None
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return None
    return str(int(value)) if value.is_integer() and abs(value) < _LARGEST_EXACT else repr(value)


def _unless_infinite(value: float) -> float | None:
    return None if math.isinf(value) else value


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        message = "expected a list of texts"
        raise TypeError(message)
    return tuple(values)
