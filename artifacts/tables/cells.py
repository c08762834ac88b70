"""What a cell holds, in words, and the plain value or text that it stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from guards.plain_values import PLAIN_TYPES, plain_value

__all__ = ["OddCell", "holds_several", "kind_of", "text_of"]


@dataclass(frozen=True, slots=True)
class OddCell:
    """A cell that has no plain value; ``kind`` says in words what it is."""

    kind: str


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a truth value"),
    ((int, float), "a number"),
    (str, "a text"),
    (datetime, "a date and time"),
    (np.datetime64, "a date and time"),
    (date, "a date"),
    (time, "a time"),
    ((timedelta, np.timedelta64), "a duration"),
    ((bytes, bytearray, memoryview), "binary data"),
    (dict, "an object"),
    ((list, tuple, set, np.ndarray), "a list"),
)
"""The first one counts: a datetime is a date as well, and a truth value a number."""


def kind_of(value: object) -> str:
    """Return in words what a cell holds, such as ``a date``."""
    if isinstance(value, OddCell):
        return value.kind
    value = plain_value(value)
    if isinstance(value, float) and math.isinf(value):
        return "an infinite number"
    for types, words in _KINDS:
        if isinstance(value, types):
            return words
    return "missing" if value is None else f"a value of the type {type(value).__name__}"


def holds_several(value: object) -> bool:
    """Return whether a cell holds a list or the like."""
    return isinstance(value, list | tuple | set | dict | np.ndarray)


def text_of(value: object) -> str | None:
    """Return a cell as text as a CSV would hold it, empty if it is missing.

    None where the cell is no text, number or truth value.
    """
    if type(value) is str:
        return value
    value = plain_value(value)
    if value is None or value != value:  # noqa: PLR0124 (NaN)
        return ""
    if type(value) not in PLAIN_TYPES or (isinstance(value, float) and math.isinf(value)):
        return None
    return str(value)
