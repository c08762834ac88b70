"""A cell is a text as a CSV would hold it, or is called what it is."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from artifacts.tables.cells import OddCell, kind_of, text_of

DAY = dt.date(2024, 2, 29)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" a ", " a "),
        ("", ""),
        *((missing, "") for missing in (None, math.nan, pd.NA, pd.NaT, np.datetime64("NaT"))),
        (7, "7"),
        (np.int64(7), "7"),
        (1.5, "1.5"),
        (7.0, "7.0"),
        (np.float32(0.1), "0.1"),
        (True, "True"),
        (np.bool_(False), "False"),  # noqa: FBT003 (a cell)
        (Decimal("12.50"), "12.5"),
        (2**70, str(2**70)),
    ],
)
def test_text_of_a_cell(cell: object, text: str) -> None:
    """It is what ``to_csv`` writes, so that tables of all kinds have the same texts."""
    assert text_of(cell) == text


@pytest.mark.parametrize(
    "cell",
    [
        DAY,
        dt.datetime(2024, 2, 29, tzinfo=dt.UTC),
        b"x",
        ["a"],
        {"a": 1},
        math.inf,
        OddCell("a thing"),
    ],
)
def test_what_is_no_text(cell: object) -> None:
    """The spelling that Python has for a date or a list is nobody's text."""
    assert text_of(cell) is None


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (True, "a truth value"),
        (np.int8(1), "a number"),
        ("a", "a text"),
        (None, "missing"),
        (pd.Timestamp("2024-02-29"), "a date and time"),
        (np.datetime64("2024-02-29"), "a date and time"),
        (DAY, "a date"),
        (dt.time(1), "a time"),
        (pd.Timedelta("1s"), "a duration"),
        (bytearray(b"x"), "binary data"),
        (np.array([1]), "a list"),
        ({}, "an object"),
        (-math.inf, "an infinite number"),
        (uuid.UUID(int=1), "a value of the type UUID"),
        (1j, "a value of the type complex"),
    ],
)
def test_kind_in_words(cell: object, words: str) -> None:
    """The words are those of a sentence that refuses the cell."""
    assert kind_of(cell) == words
