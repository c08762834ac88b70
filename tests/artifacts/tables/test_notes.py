"""What is odd about the cells of a column is noted, and read as it is."""

from __future__ import annotations

import math

import pytest

from artifacts.tables.notes import cell_notes
from artifacts.tables.raw import RawTable
from artifacts.tables.roles import ColumnRoles


def notes(role: str, cells: list[object], *, private: bool = False) -> list[str]:
    """Return the notes on a column."""
    roles = {
        "text": ColumnRoles(("it",), ""),
        "label": ColumnRoles((), "it"),
        "numeric": ColumnRoles((), "", numeric=("it",)),
        "categorical": ColumnRoles((), "", (), ("it",), ("it",) if private else ()),
    }[role]
    return list(cell_notes(RawTable("memory", ("it",), len(cells), {"it": cells}), roles))


@pytest.mark.parametrize("text", ["nan", "NaN", "None", "null"])
def test_texts_that_look_missing(text: str) -> None:
    """What a tool wrote for nothing is a word of a text."""
    (note,) = notes("text", [text, "a", "b"])

    assert note == (
        f"it: 1 row holds {text!r}, which looks like a missing value and is read as a text"
    )


def test_text_columns_with_little_text() -> None:
    """There is nothing to learn from an empty text, and a few of them are usual."""
    assert notes("text", [None, "", " ", math.nan]) == [
        "it: every cell is empty, and there is no text to read"
    ]
    assert notes("text", ["", "", None, "a"]) == [
        "it: 3 of 4 cells are empty, and read as an empty text"
    ]
    assert notes("text", ["", "", "a", "b"]) == []


@pytest.mark.parametrize("role", ["categorical", "label"])
@pytest.mark.parametrize(
    "text", ["7.311964552017904e+18", "7.31196E+18", " 1e16", "-1.2E20", "9007199254740993e0"]
)
def test_identifiers_that_were_written_as_fractions(role: str, text: str) -> None:
    """Spreadsheets and pandas round them, so that several may have become one."""
    (note,) = notes(role, [text, "7311964552017903617", text, None])

    assert note.startswith(
        f"it: 2 cells are numbers with an exponent, such as {text.strip()!r}: digits were lost"
    )
    assert "write all digits" in note


@pytest.mark.parametrize("text", ["1e3", "7311964552017903617", "1.5", "e18", "12e4x"])
def test_categories_that_lost_nothing(text: str) -> None:
    """Smaller numbers and whole ones are what they say."""
    assert notes("categorical", [text]) == []
    assert notes("numeric", ["1e20"]) == []


def test_a_private_value_is_not_said() -> None:
    """Their count is enough."""
    (note,) = notes("categorical", ["7.31196E+18"], private=True)

    assert "7.3" not in note
