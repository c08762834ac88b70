"""The delimiter of a CSV is found where header and rows are sure of it."""

from __future__ import annotations

import pytest

from artifacts.tables.delimiters import delimiter_of
from guards.errors import TableError


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1;2\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("text;label\n12,50;x\n1,2;y\n", ";"),
        ("text;label\nno comma;x\n", ";"),
        ('text,label\n"a;b",x\n"c;d;e",y\n', ","),
        ('"a;b",c\n1;2,3\n4,5\n', ","),
        ("text\nwith, a comma\n", ","),
        ("", ","),
        ("a,b\n1,2\n1,2,3\n", ","),
        ("a;b\n1;2\n1;2;3\n", ";"),
    ],
)
def test_the_delimiter_is_that_of_header_and_rows(sample: str, delimiter: str) -> None:
    """All rows have as many cells as the header; else that of the header, or a comma."""
    assert delimiter_of(sample, (), "t.csv", complete=True) == delimiter


def test_a_broken_row_does_not_hide_the_delimiter() -> None:
    """The header that has the wanted columns says what separates them."""
    sample = "text;label\na;x\nb;c;y\n"

    assert delimiter_of(sample, ("text", "label"), "t.csv", complete=True) == ";"


def test_a_sample_may_end_within_a_row() -> None:
    """What was cut off is no row with too few cells, also in the middle of a quoted cell."""
    assert delimiter_of("a;b;c\n1;2;3\n4;5", (), "t.csv", complete=False) == ";"
    assert delimiter_of('a;b\n1;2\n"a, b', (), "t.csv", complete=False) == ";"


def test_two_delimiters_that_fit_are_told_apart_by_the_columns() -> None:
    """Without the names of the columns both are said, and nothing is guessed."""
    sample = "net, gross;kind\n1,2;x\n3,4;y\n"

    assert delimiter_of(sample, ("kind",), "t.csv", complete=True) == ";"
    with pytest.raises(
        TableError, match=r"^t.csv: its cells may be separated by ',' or ';'; quote"
    ):
        delimiter_of(sample, (), "t.csv", complete=True)
