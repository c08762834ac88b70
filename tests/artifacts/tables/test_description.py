"""A description says what each column holds, and what its role will not take."""

from __future__ import annotations

import datetime as dt

import pytest

from artifacts.tables.description import ColumnDescription, describe_column
from artifacts.tables.raw import RawTable


def described(
    cells: list[object], role: str | None = None, *markers: str, private: bool = False
) -> ColumnDescription:
    """Describe a column of these cells."""
    raw = RawTable("memory", ("it",), len(cells), {"it": cells})
    return describe_column(raw, "it", role, markers, private=private)


def test_types_by_what_cells_can_be_read_as() -> None:
    """The cells of a CSV are texts that may be numbers; the most frequent type is the first."""
    column = described(["1", "2.5", "x", "true", "", 3])

    assert column.types == ("a number", "a text", "a truth value")
    assert column.missing == pytest.approx(1 / 6)
    assert column.values == ("1", "2.5", "x")


@pytest.mark.parametrize(
    ("role", "cells", "missing", "odd"),
    [
        ("numeric", [1, "x", "NA", None, "-9"], 0.4, 0.4),
        ("categorical", ["x", "NA", "null", dt.date(2024, 2, 29), 2.0**60], 0.0, 0.8),
        ("text", ["nan", "x", "", b"x", None], 0.4, 0.4),
        ("label", ["a", None, "NA", ["b"], " "], 0.4, 0.8),
        (None, ["a", dt.date(2024, 2, 29), None, "NA", 1], 0.2, 0.4),
    ],
)
def test_shares_by_role(role: str, cells: list[object], missing: float, odd: float) -> None:
    """Odd is what the role refuses, and what looks missing without being declared so."""
    markers = ("-9",) if role == "numeric" else ()
    column = described(cells, role, *markers)

    assert column.missing == pytest.approx(missing)
    assert column.odd == pytest.approx(odd)


def test_nan_is_no_number() -> None:
    """In a text it is a word, and anywhere else it is missing."""
    assert described(["nan", "NaN", "1"], "text").types == ("a text", "a number")
    assert described(["nan", "1"], "numeric").types == ("a number",)
    assert described(["nan", "x"]).types == ("a text",)


@pytest.mark.parametrize("cell", ["-999.90", "-999.9", -999.9, "-9.999e2"])
def test_markers_of_numbers_are_numbers(cell: object) -> None:
    """However they are written."""
    column = described([cell, 1], "numeric", "-999.90")

    assert (column.missing, column.odd) == (0.5, 0.0)


def test_values_are_short_and_not_those_of_a_private_column() -> None:
    """Long ones are cut, other types are named, and private ones stay where they are."""
    column = described(["x" * 100, b"y", "x" * 100])

    assert column.values == ("x" * 39 + "…", "binary data")
    assert described(["SECRET"], private=True).values == ()
    assert described(["a"]).to_json()["values"] == ("a",)
