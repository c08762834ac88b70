"""A cell of any library is the plain value that JSON would hold, or stays what it is."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from guards.plain_values import plain_value


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("a", "a"),
        (np.str_("a"), "a"),
        (np.int64(7311964552017903617), 7311964552017903617),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),  # noqa: FBT003 (a cell)
        (np.float64(0.1), 0.1),
        (np.float32(0.1), 0.1),
        (np.float16(0.1), 0.1),
        (Decimal("12.50"), 12.5),
        (Decimal("-1E+3"), -1000),
        (Decimal("12345678901234567.890"), "12345678901234567.89"),
        (Decimal("1E+600"), math.inf),
        (Decimal("NaN"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.datetime64("NaT"), None),
    ],
)
def test_plain_values(value: object, plain: object) -> None:
    """Digits are kept, and a whole number is an integer."""
    assert plain_value(value) == plain
    assert type(plain_value(value)) is type(plain)


@pytest.mark.parametrize("value", [dt.date(2024, 2, 29), b"x", [1], np.datetime64("2024-02-29")])
def test_anything_else_stays_what_it_is(value: object) -> None:
    """Whoever needs a plain value says in words what it is."""
    assert plain_value(value) is value
