"""Labels have one canonical form, and what is no class is no label."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from artifacts.tables.labels import (
    check_classes,
    class_notes,
    label_notes,
    labels_of_cells,
    unknown_labels,
)
from guards.errors import TableError
from guards.labels import KnownLabel


def refusal(*cells: object, missing: tuple[str, ...] = ()) -> str:
    """Return the line that refuses a column of labels."""
    with pytest.raises(TableError) as error:
        labels_of_cells(cells, "kind", "memory", missing)
    return str(error.value)


def test_spellings_of_one_label_are_one() -> None:
    """Numbers, truth values, padded texts and letters in parts are what they are in any table."""
    ones = [1, 1.0, "1", "1.0", " 1 ", np.int8(1), Decimal("1.00")]
    truths = [True, "TRUE", "True", "true", np.bool_(True)]  # noqa: FBT003 (a cell)
    letters = ["caf\u00e9", "cafe\u0301", " caf\u00e9\n"]

    assert set(labels_of_cells(ones, "kind", "memory")) == {"1"}
    assert set(labels_of_cells(truths, "kind", "memory")) == {"true"}
    assert set(labels_of_cells(letters, "kind", "memory")) == {"caf\u00e9"}


def test_labels_of_a_bundle_keep_its_spelling() -> None:
    """Bundles that were sealed before have labels in other forms, and go on working."""
    find = KnownLabel(["False", "True", "1.0"])

    labels = labels_of_cells([True, "false", "True", 1, "new"], "kind", "memory", (), find)

    assert labels == ["True", "False", "True", "1.0", "new"]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (None, "has no label; drop or label"),
        (" nan ", "has no label; drop or label"),
        ("NA", "has no label; drop or label"),
        (["a"], "holds several labels; "),
        (dt.date(2024, 2, 29), "is a date, which is no label; write it as a text"),
        (dt.datetime(2024, 2, 29, tzinfo=dt.UTC), "is a date and time, which is no label"),
        (b"a", "is binary data, which is no label"),
        (float("inf"), "is an infinite number, which is no label"),
        (2.0**60, "is a number so large that it has lost digits as a decimal fraction; write"),
        ("a" * 501, "has a label of more than 500 characters"),
    ],
)
def test_what_is_no_label(cell: object, says: str) -> None:
    """The row and the column are named, and what the cell is."""
    assert refusal("a", cell, missing=("NA",)).startswith(f"memory: row 2 of 'kind' {says}")


def test_a_column_of_identifiers_is_refused() -> None:
    """Nearly as many labels as rows are no classes; neither is only one."""
    with pytest.raises(
        TableError, match=r"'doc_id' has 300 different labels in 300 rows, and 300 "
    ):
        check_classes([f"d{number}" for number in range(300)], "doc_id", "memory")
    with pytest.raises(TableError, match="holds one class only, 'a'"):
        check_classes(["a", "a"], "kind", "memory")


@pytest.mark.parametrize(
    "labels",
    [
        [f"c{number % 1000}" for number in range(8000)],
        ["a", "b", "c"],
        [*(f"rare{number}" for number in range(60)), *(["common"] * 100)],
    ],
)
def test_classes_may_be_many_or_rare(labels: list[str]) -> None:
    """A thousand classes, a tiny table, and a long tail can be learnt."""
    check_classes(labels, "kind", "memory")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Spam", "spam"),
        ("not  spam", "not spam"),
        ("spam", "\uff53\uff50\uff41\uff4d"),
        ("sp\u200bam", "spam"),
        ("\u0441ar", "car"),
        ("\ufb01ne", "fine"),
        ("stra\u00dfe", "STRASSE"),
    ],
)
def test_labels_that_look_the_same_are_told(first: str, second: str) -> None:
    """Both are named with their rows, in a form in which they can be told apart; none is merged."""
    (note,) = label_notes([first, first, second, "other"], "kind")

    assert "(2 rows) and " in note
    assert note.endswith("(1 row) look the same, and are two classes")
    assert all(ascii(label)[1:-1] in note for label in (first, second))


def test_few_notes_of_many_lookalikes() -> None:
    """The first five are told, and how many there are."""
    labels = [text for number in range(8) for text in (f"class{number}", f"Class{number}")]

    notes = list(label_notes(labels, "kind"))

    assert len(notes) == 6
    assert notes[-1] == "kind: 8 pairs of labels look the same; these are the first"


def test_a_label_that_looks_missing_is_noted() -> None:
    """It may be Namibia, and it may be a row without a label."""
    (note,) = label_notes(["NA", "DE", "NA"], "country")

    assert note.startswith("country: 2 rows hold 'NA', which looks like a missing value")
    assert "--missing" in note


def test_the_usual_mark_of_unlabelled_rows_is_noted() -> None:
    """Beside the numbers from 0 on, and not where it is one of a scale or stands alone."""
    (note,) = class_notes(["0", "1", "-1", "2", "-1"], "kind")

    assert note.startswith("kind: 2 rows with the label '-1' beside 0 to 2, the usual mark of rows")
    for others in (["1"], ["0"], ["1", "2"], ["a", "b"], ["0", "2"]):
        assert list(class_notes(["-1", *others], "kind")) == []


@pytest.mark.parametrize(("classes", "rows", "noted"), [(21, 2, 1), (20, 2, 0), (200, 3, 0)])
def test_many_rare_classes_are_noted(classes: int, rows: int, noted: int) -> None:
    """Identifiers that come twice, and measurements, pass for classes."""
    labels = [f"id {number}" for number in range(classes)] * rows

    notes = list(class_notes(labels, "kind"))

    assert len(notes) == noted
    assert all("21 of 21 classes have fewer than 3 rows" in note for note in notes)


def test_unknown_labels_are_counted() -> None:
    """All of them, with their rows, the most frequent first."""
    labels = ["a", "x", "y", "x", *(f"u{number}" for number in range(6))]

    assert unknown_labels(["a"], {"a"}) is None
    assert unknown_labels(labels, {"a"}) == (
        "9 rows with unknown labels: 'x' (2 rows), 'y' (1 row), 'u0' (1 row), 'u1' (1 row), "
        "'u2' (1 row) and 3 more"
    )
