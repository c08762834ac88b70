"""The inputs that a bundle takes, and the one canonical form of a document's columns.

Training tables and live requests go through the same :meth:`Schema.canonical`, so that a value
means the same in both: a CSV's ``"12"`` and JSON's ``12`` are one number, ``" 1"`` and ``1`` are
one category, and an absent key, ``null``, an empty text and ``"nan"`` are one missing value.
"""

from __future__ import annotations

import heapq
import math
import re
import unicodedata
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.json_types import JsonMapping, JsonObject

__all__ = [
    "FORM",
    "MISSING",
    "CanonicalRow",
    "CategoricalColumn",
    "NumericColumn",
    "Problem",
    "Schema",
    "canonical_category",
    "canonical_number",
    "is_marker",
]

MISSING = ""
"""The canonical form of a missing category; no known category can equal it."""

FORM = 2
"""The canonical form of categories that new bundles have; see :func:`canonical_category`."""

_TRUTH_TEXTS = frozenset({"false", "true"})
_WHOLE = {
    1: re.compile(r"(-?(?:0|[1-9]\d{0,14}))\.0+", re.ASCII),
    2: re.compile(r"(-?(?:0|[1-9]\d*))\.0+", re.ASCII),
}
"""Whole numbers with a fraction of zeros, by canonical form."""

_MISSING_TEXTS = frozenset({"", "nan"})
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MAX_EXACT = 2.0**53
_MAX_INTEGER = 10**500
"""As long as texts are kept; Python refuses to write integers that are much longer."""

_NO_NUMBER = "is not a finite number"
_NO_CATEGORY = "is not a text, a number or a truth value"
_INEXACT = "is a number so large that it has lost digits as a decimal fraction; send it as a text"
_LARGE = {
    1: "is a whole number beyond 2^53; send it as a text",
    2: "is a whole number of more than 500 digits",
}
"""Why an integer is no category, by canonical form."""

_INFINITE = "is an infinite number"

_CATEGORY_CHARS = 500
"""Longer categories are truncated: composing takes quadratic time in the length of a run of
combining marks, an hour for a megabyte of them."""


_EXTRA_NAMED = 20
_EXTRA_CHARS = 64
"""Clients choose the names of extra features, so that number and length must be bounded."""


@dataclass(frozen=True, slots=True)
class NumericColumn:
    """A numeric column; ``minimum`` and ``maximum`` span the training rows (None: all missing).

    ``lowest`` and ``highest`` bound what can be encoded at all (None: any number). ``missing`` are
    the markers of this column alone; see :class:`Schema`.
    """

    name: str
    minimum: float | None
    maximum: float | None
    required: bool = False
    private: bool = False
    lowest: float | None = None
    highest: float | None = None
    missing: tuple[str, ...] = ()

    def cannot_encode(self, value: float) -> bool:
        """Return whether a present value lies beyond what can be encoded."""
        too_low = self.lowest is not None and value < self.lowest
        return too_low or (self.highest is not None and value > self.highest)

    def out_of_range(self, value: float) -> bool:
        """Return whether a present value lies outside the range of the training rows."""
        if self.minimum is None or self.maximum is None or math.isnan(value):
            return False
        return not self.minimum <= value <= self.maximum


@dataclass(frozen=True, slots=True)
class CategoricalColumn:
    """A categorical column and the categories that the encoder knows, in the encoder's order.

    A ``closed`` column takes no other one: the encoder would fail, so the document is refused.
    ``missing`` are the markers of this column alone; see :class:`Schema`.
    """

    name: str
    categories: tuple[str, ...]
    required: bool = False
    private: bool = False
    closed: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value is refused: its path inside the request, and what is wrong in words."""

    path: str
    problem: str


@dataclass(frozen=True, slots=True)
class CanonicalRow:
    """The columns of one document in canonical form, with the issues of its input.

    ``numeric`` has NaN for a missing value and ``categories`` has ``MISSING``; both follow the
    schema's order. The other fields name the columns concerned. ``coerced`` names those whose
    value was not in canonical form: a number as a text, as every number of a CSV is, or a category
    as a number or a truth value, padded, or not composed.

    ``extra`` has the features that are no columns: the first 20 names in alphabetical order, and of
    each the first 64 characters. ``more_extra`` is the number of the others.
    """

    numeric: tuple[float, ...]
    categories: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    coerced: tuple[str, ...] = ()
    out_of_range: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    more_extra: int = 0


class _Reading:
    """Reads the columns of one document in one pass, and collects issues and problems.

    This runs for every document of every request, so each column is looked up once.
    """

    __slots__ = (
        *("_features", "_form", "_markers", "_path", "present", "problems"),
        *("unknown", "missing", "coerced", "out_of_range"),
    )

    def __init__(self, features: Mapping[str, object], path: str, schema: Schema) -> None:
        self._features = features
        self._path = path
        self._form = schema.form
        self._markers = schema.missing
        self.present = 0
        self.problems: list[Problem] = []
        self.unknown: list[str] = []
        self.missing: list[str] = []
        self.coerced: list[str] = []
        self.out_of_range: list[str] = []

    def number(self, column: NumericColumn) -> float:
        """Return a number, NaN where it is missing or not a number."""
        raw = self._value(column, numeric=True)
        value = canonical_number(raw)
        if value is None or math.isnan(value):
            self._add_missing(column, _NO_NUMBER if value is None else None)
            return math.nan
        if column.cannot_encode(value):
            self._add_problem(column.name, "is beyond what can be encoded")
        if raw != value:
            self.coerced.append(column.name)
        if column.out_of_range(value):
            self.out_of_range.append(column.name)
        return value

    def category(self, column: CategoricalColumn) -> str:
        """Return a category, ``MISSING`` where it is missing or cannot be one."""
        raw = self._value(column, numeric=False)
        value = canonical_category(raw, self._form)
        if value is None or value == MISSING:
            self._add_missing(column, _why_no_category(raw, self._form) if value is None else None)
            return MISSING
        if value not in column.categories:
            self.unknown.append(column.name)
            if column.closed:
                self._add_problem(column.name, "is no category that is known")
        if raw != value:
            self.coerced.append(column.name)
        return value

    def _value(self, column: NumericColumn | CategoricalColumn, *, numeric: bool) -> object:
        if column.name not in self._features:
            return None
        self.present += 1
        value = self._features[column.name]
        if self._markers or column.missing:
            markers = (*self._markers, *column.missing)
            if is_marker(value, markers, self._form, numeric=numeric):
                return None
        return value

    def _add_missing(self, column: NumericColumn | CategoricalColumn, problem: str | None) -> None:
        self.missing.append(column.name)
        if problem or column.required:
            self._add_problem(column.name, problem or "is required")

    def _add_problem(self, name: str, problem: str) -> None:
        self.problems.append(Problem(f"{self._path}.{name}", problem))


@dataclass(frozen=True, slots=True)
class Schema:
    """What a document must look like: text columns of the table, feature columns, and labels.

    ``text`` names the table's text columns, joined with one space in this order, which is what a
    request's ``text`` holds. ``labels`` are in the order of the network's outputs. ``missing`` are
    the texts and numbers, in canonical form, that were declared to stand for a missing value of any
    column, or a missing label; see :func:`is_marker`. ``form`` is that of the categories.
    """

    text: tuple[str, ...]
    numeric: tuple[NumericColumn, ...]
    categorical: tuple[CategoricalColumn, ...]
    labels: tuple[str, ...]
    missing: tuple[str, ...] = ()
    form: int = FORM

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the feature columns, numeric ones first."""
        return (*(c.name for c in self.numeric), *(c.name for c in self.categorical))

    @property
    def private(self) -> tuple[str, ...]:
        """The names of the feature columns whose values must not leave the bundle."""
        return (
            *(c.name for c in self.numeric if c.private),
            *(c.name for c in self.categorical if c.private),
        )

    def canonical(
        self, features: Mapping[str, object], path: str = "features"
    ) -> tuple[CanonicalRow, list[Problem]]:
        """Return the columns of one document in canonical form, and every problem of them.

        The row is meaningful only without problems.
        """
        reading = _Reading(features, path, self)
        numbers = tuple(map(reading.number, self.numeric))
        categories = tuple(map(reading.category, self.categorical))
        extra_count = len(features) - reading.present
        extra = self._extra(features) if extra_count else ()
        row = CanonicalRow(
            numeric=numbers,
            categories=categories,
            unknown=tuple(reading.unknown),
            missing=tuple(reading.missing),
            coerced=tuple(reading.coerced),
            out_of_range=tuple(reading.out_of_range),
            extra=extra,
            more_extra=extra_count - len(extra),
        )
        return row, reading.problems

    def _extra(self, features: Mapping[str, object]) -> tuple[str, ...]:
        first = heapq.nsmallest(_EXTRA_NAMED, features.keys() - {*self.columns})
        return tuple(name[:_EXTRA_CHARS] for name in first)

    def to_json(self) -> JsonObject:
        """Return the schema as plain JSON, without what the schemas of form 1 did not have."""
        data = asdict(self)
        for part in (data, *data["numeric"], *data["categorical"]):
            if not part["missing"]:
                del part["missing"]
        if self.form == 1:
            del data["form"]
        return data

    @classmethod
    def from_json(cls, data: JsonMapping) -> Schema:
        """Read a schema back; raises ``KeyError`` or ``TypeError`` where it is malformed."""
        form = data.get("form", 1)
        if type(form) is not int or form not in _WHOLE:
            message = f"expected a canonical form up to {FORM}"
            raise TypeError(message)
        return cls(
            text=_texts(data["text"]),
            numeric=tuple(NumericColumn(**_with_markers(column)) for column in data["numeric"]),
            categorical=tuple(
                CategoricalColumn(
                    **{**_with_markers(column), "categories": _texts(column["categories"])}
                )
                for column in data["categorical"]
            ),
            labels=_texts(data["labels"]),
            missing=_texts(data.get("missing", ())),
            form=form,
        )


def canonical_number(value: object) -> float | None:
    """Return the float64 that a value stands for, NaN when it is missing, None when it is neither.

    Takes what JSON, CSV and Parquet hold: numbers, and texts of a plain ASCII decimal. Truth
    values, ``"1,5"``, ``"1_000"``, other scripts' digits and numbers that overflow are not numbers.
    """
    if type(value) is float:
        return _unless_infinite(value)
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


def canonical_category(value: object, form: int = FORM) -> str | None:
    """Return the canonical text of a category, ``MISSING`` if missing, None if it cannot be one.

    Whole numbers lose their fraction (``1.0``, ``"1.0"`` and ``"1"`` are one category) and integers
    keep all of their digits, up to 500. A float from 2^53 on is none: it stands for several whole
    numbers. Truth values are ``true`` and ``false``, also where a CSV has them as texts, and texts
    are stripped, truncated to 500 characters, and composed (Unicode NFC).

    In ``form`` 1, of bundles that record none, integers from 2^53 on are none, floats from there on
    are what ``repr`` gives, and a whole number with a fraction loses it up to 15 digits.
    """
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _category_of_integer(value, form)
    if isinstance(value, float):
        return _category_of_float(value, form)
    if not isinstance(value, str):
        return None
    return _category_of_text(value, form)


def is_marker(value: object, markers: tuple[str, ...], form: int = FORM, *, numeric: bool) -> bool:
    """Return whether a value is one of the markers that stand for a missing value.

    In a ``numeric`` column, numbers are compared as numbers: ``"-999.90"``, ``-999.9`` and
    ``"-9.999e2"`` are one. Anything else is compared by its canonical category.
    """
    number = canonical_number(value) if numeric else None
    if number is None or math.isnan(number):
        return canonical_category(value, form) in markers
    return number in _numbers_among(markers)


@lru_cache(maxsize=256)
def _numbers_among(markers: tuple[str, ...]) -> frozenset[float]:
    numbers = map(canonical_number, markers)
    return frozenset(number for number in numbers if number is not None)


def _with_markers(column: JsonMapping) -> JsonObject:
    return {**column, "missing": _texts(column.get("missing", ()))}


def _category_of_text(value: str, form: int) -> str:
    text = unicodedata.normalize("NFC", value.strip()[:_CATEGORY_CHARS])[:_CATEGORY_CHARS].strip()
    if text.lower() in _MISSING_TEXTS:
        return MISSING
    if text.lower() in _TRUTH_TEXTS:
        return text.lower()
    whole = _WHOLE[form].fullmatch(text)
    if whole is None:
        return text
    return "0" if form > 1 and whole[1] == "-0" else whole[1]


def _category_of_integer(value: int, form: int) -> str | None:
    exact = abs(value) < (_MAX_EXACT if form == 1 else _MAX_INTEGER)
    return str(value) if exact else None


def _category_of_float(value: float, form: int) -> str | None:
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return None
    if abs(value) < _MAX_EXACT:
        return str(int(value)) if value.is_integer() else repr(value)
    return repr(value) if form == 1 else None


def _why_no_category(value: object, form: int) -> str:
    if isinstance(value, float):
        return _INEXACT if math.isfinite(value) else _INFINITE
    return _LARGE[form] if isinstance(value, int) else _NO_CATEGORY


def _number_of_text(text: str) -> float | None:
    if text.lower() in _MISSING_TEXTS:
        return math.nan
    return _unless_infinite(float(text)) if _DECIMAL.fullmatch(text) else None


def _unless_infinite(value: float) -> float | None:
    return None if math.isinf(value) else value


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        message = "expected a list of texts"
        raise TypeError(message)
    return tuple(values)
