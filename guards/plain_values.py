"""The plain value that a cell of a table stands for, as JSON would hold it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

__all__ = ["PLAIN_TYPES", "plain_value"]

PLAIN_TYPES = frozenset({bool, float, int, str, type(None)})

_NULL_TYPES = frozenset({"NAType", "NaTType"})
"""The names of pandas' types for a missing value."""

_MAX_DIGITS = 500


def plain_value(value: object) -> object:
    """Return a text, number, truth value or None where ``value`` is one; anything else as it is.

    Takes numpy's scalars, pandas' missing values, and ``Decimal``: a whole one becomes an integer,
    another one the float with the same digits, or a text where no float has all of them.
    """
    if type(value) in PLAIN_TYPES:
        return value
    if isinstance(value, np.datetime64 | np.timedelta64):
        return None if np.isnat(value) else value
    if isinstance(value, np.float16 | np.float32):
        # With the digits that it is written with: as a double, .1 would be .10000000149.
        return float(str(value))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Decimal):
        return _number(value)
    return None if type(value).__name__ in _NULL_TYPES else value


def _number(value: Decimal) -> object:
    if not value.is_finite() or abs(value.adjusted()) > _MAX_DIGITS:
        return None if value.is_nan() else float(value)
    if value == value.to_integral_value():
        return int(value)
    number = float(value)
    return number if Decimal(repr(number)) == value else format(value, "f").rstrip("0")
