"""Texts that look missing are noted, since nobody knows whether they are."""

from __future__ import annotations

import pytest

from artifacts.tables.markers import looks_missing, marker_notes


@pytest.mark.parametrize(
    "text", ["NA", " na ", "N/A", "n/a", "NULL", "None", "<NA>", "#N/A", "-", "?", "-nan", "NaT"]
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

    assert list(marker_notes("country", cells, ("-",), "is read as a category")) == [
        "country: 2 rows hold 'NA', which looks like a missing value and is read as a category",
        "country: 1 row holds 'null', which looks like a missing value and is read as a category",
    ]
