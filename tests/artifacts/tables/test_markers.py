"""Texts that look missing are noted, since nobody knows whether they are."""

from __future__ import annotations

import pytest

from artifacts.tables.markers import declared_notes, looks_missing, marker_notes
from artifacts.tables.roles import ColumnRoles


@pytest.mark.parametrize(
    "text",
    [
        "NA",
        " na ",
        "N/A",
        "n/a",
        "NULL",
        "None",
        "<NA>",
        "#N/A",
        "-",
        "?",
        "-nan",
        "NaT",
        "\\N",
        "N.A.",
        "(null)",
        "\u2014",
        "\u2013",
    ],
)
def test_markers_of_any_tool(text: str) -> None:
    """What tools and people write for a missing value looks like one."""
    assert looks_missing(text)


@pytest.mark.parametrize("text", ["", "Nam", "nad", "no", "0", "n a", "NAMIBIA", "NA" * 40])
def test_other_texts(text: str) -> None:
    """Other short texts are no markers; an empty one is missing, and does not look so."""
    assert not looks_missing(text)


def test_a_note_names_marker_and_count() -> None:
    """The most frequent ones are named, and not those that are declared or missing anyway."""
    cells = ["NA", " NA", "null", "DE", None, 3, "nan", "-"]

    assert list(marker_notes("country", cells, ("-", ""), "is read as a category")) == [
        "country: 2 rows hold 'NA', which looks like a missing value and is read as a category",
        "country: 1 row holds 'null', which looks like a missing value and is read as a category",
    ]


def _notes(missing: tuple[str, ...], private: tuple[str, ...] = ()) -> list[str]:
    """Return the notes on markers that were declared for an age and a country."""
    roles = ColumnRoles(("text",), "kind", ("age",), ("country",), private, missing=missing)
    cells: dict[str, list[object]] = {
        "age": ["NA", -999.9, "3", "n/a"],
        "country": ["NA", "DE", "NA", "-"],
    }
    return list(declared_notes(roles, cells))


def test_what_a_marker_is_found_in_is_said() -> None:
    """A category may be meant (Namibia), and one of several columns too."""
    assert _notes(("NA",)) == [
        "--missing NA: stands for a missing value in 1 cell of 'age', 2 cells of 'country'"
    ]
    assert _notes(("country=-",)) == [
        "--missing country=-: stands for a missing value in 1 cell of 'country'"
    ]
    assert _notes(("age=NA", "-999.90")) == []


@pytest.mark.parametrize(
    ("marker", "private", "ends"),
    [
        ("N/A", (), "; did you mean 'n/a'?"),
        ("na", (), "; did you mean 'NA'?"),
        ("country=de", (), "; did you mean 'DE'?"),
        ("country=de", ("country",), ""),
        ("-998", (), ""),
    ],
)
def test_a_marker_that_no_cell_holds(marker: str, private: tuple[str, ...], ends: str) -> None:
    """The spelling that is there is said, unless the column is private."""
    assert _notes((marker,), private) == [
        f"--missing {marker}: no cell of a feature column holds it{ends}"
    ]
