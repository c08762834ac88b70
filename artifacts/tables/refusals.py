"""The error for a cell that its column does not take: where, what, and what to do."""

from __future__ import annotations

import math
import re
import shlex
from typing import TYPE_CHECKING

from artifacts.tables.cells import kind_of
from artifacts.tables.markers import looks_missing
from guards.errors import TableError
from guards.schema import canonical_category

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.schema import Problem, Schema

__all__ = ["refused_cell", "refused_feature"]

_MAX_SHOWN = 40
_MAX_DIGITS = 500
_LEAVE_OUT = "leave the cell empty, or write the largest number that makes sense"
_NEARLY_NUMBERS = (
    (re.compile(r"[+-]?(inf|infinity)", re.IGNORECASE), _LEAVE_OUT),
    (
        re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII),
        "it is beyond what a double-precision number holds",
    ),
    (
        re.compile("[\u2010-\u2015\u2212\ufe63\uff0d]\\d.*"),
        "its minus is another character; write a hyphen, as in -5",
    ),
    (
        re.compile(r"[+-]?\d[\d.,\u00a0 ]*,\d+", re.ASCII),
        "write numbers with a decimal point, and without separators of thousands",
    ),
    (
        re.compile(r"[+-]?\d{1,3}([_' \u00a0\u202f\u2019]\d{3})+(\.\d+)?", re.ASCII),
        "write numbers without separators of thousands",
    ),
    (re.compile(r"[+-]?\d+([.,\u066b]\d+)?"), "write numbers with the digits 0 to 9"),
    (
        re.compile(
            r"([^\w\s+\-.,]\s*|[^\W\d_]{1,4}\s+)?[+-]?\d[\d.,]*(\s*([^\w\s.,]|[^\W\d_]{1,4}))?"
        ),
        "write numbers without a unit, such as a percent or currency sign",
    ),
)
"""What to do about texts that are nearly numbers; the first one counts."""

_REMEDIES = {
    "a date": "write it as a text, or as a number such as the days since a fixed one",
    "a date and time": "write it as a text, or as a number such as the days since a fixed one",
    "a time": "write it as a text, or as a number such as the minutes since midnight",
    "a duration": "write it as a number, of seconds or days",
    "a list": "make a column of each value, or join them into one text",
    "an object": "make a column of each of its values",
    "binary data": "write it as a text, or leave the column out",
    "an infinite number": _LEAVE_OUT,
}


def refused_feature(table: str, row: int, name: str, cell: object) -> TableError:
    """Return the error for a cell that is no text, number or truth value."""
    kind = kind_of(cell)
    remedy = _REMEDIES.get(kind, "write it as a text or as a number")
    return TableError(
        f"{table}: row {row} of {name!r} is {kind}, and a feature is a text, a number or a truth "
        f"value; {remedy}"
    )


def refused_cell(
    table: str, row: int, problem: Problem, features: Mapping[str, object], schema: Schema
) -> TableError:
    """Return the error for a cell that the schema does not take."""
    name = problem.path.removeprefix(".")
    value = features.get(name)
    shown = "" if name in schema.private or value is None else f" holds {_shown(value)}: it"
    remedy = ""
    if isinstance(value, float) and math.isinf(value):
        remedy = f"; {_LEAVE_OUT}"
    elif name in {column.name for column in schema.numeric} and isinstance(value, bool | str):
        remedy = _remedy(name, value, private=name in schema.private)
    return TableError(f"{table}: row {row} of {name!r}{shown} {problem.problem}{remedy}")


def _shown(value: object) -> str:
    if isinstance(value, int) and abs(value) >= 10**_MAX_DIGITS:
        # Python refuses to write integers that are much longer.
        return f"a whole number of more than {_MAX_DIGITS} digits"
    return repr(str(value)[:_MAX_SHOWN])


def _remedy(name: str, value: object, *, private: bool) -> str:
    """Return what to do about a cell of a numeric column, as the end of the error."""
    categorical = f"--categorical {shlex.quote(name)}"
    if canonical_category(value) in ("false", "true"):
        return f"; write truth values as 1 and 0, or declare their column by {categorical}"
    text = str(value).strip()
    if looks_missing(text):
        marker = "VALUE" if private else text
        option = f"--missing {shlex.quote(f'{name}={marker}')}"
        return f"; if it stands for a missing value, make the bundle with {option}"
    return next(
        (f"; {remedy}" for pattern, remedy in _NEARLY_NUMBERS if pattern.fullmatch(text)),
        f"; declare a column that holds texts by {categorical}",
    )
