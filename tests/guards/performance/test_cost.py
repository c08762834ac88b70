"""Tables of what answers cost, as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guards.errors import CallError
from guards.performance.cost import CostTable

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("ham, tinned", "spam")


def read(path: Path, content: str, labels: tuple[str, ...] = LABELS) -> CostTable:
    """Read a table with this content."""
    (path / "costs.csv").write_text(content, encoding="utf-8-sig")
    return CostTable.read(path / "costs.csv", labels)


def test_costs_are_of_true_and_predicted_labels(tmp_path: Path) -> None:
    """Rows and columns come in any order, with blank lines, and quotes around a comma."""
    table = read(tmp_path, 'true,spam,"ham, tinned"\n\nspam,0,1\n"ham, tinned",5.5,-1e-1\n')

    assert table.costs["ham, tinned"]["spam"] == 5.5
    assert table.matrix(LABELS) == [[-0.1, 1.0], [5.5, 0.0]]
    assert table.matrix(LABELS[::-1]) == [[0.0, 5.5], [1.0, -0.1]]


def test_other_labels_have_no_costs(tmp_path: Path) -> None:
    """Neither fewer nor more labels than the table's."""
    table = read(tmp_path, ",a,b\na,0,1\nb,2,0\n", ("a", "b"))
    assert table.matrix(("a",)) is None
    assert table.matrix(("a", "b", "c")) is None


def test_labels_of_a_spreadsheet_are_those_of_the_bundle(tmp_path: Path) -> None:
    """A spreadsheet writes TRUE for True."""
    table = read(tmp_path, "true,TRUE,FALSE\nTRUE,0,1\nFALSE,2,0\n", ("False", "True"))
    assert table.matrix(("False", "True")) == [[0.0, 1.0], [2.0, 0.0]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("true,a\na,0\n", "its columns are 'a', and the champion's labels 'a', 'b'"),
        ("true,a,c\na,0,1\nb,1,0\n", "its columns are 'a', 'c'"),
        ("true,a,b\na,0,1\na,1,0\n", "its rows are 'a', 'a'"),
        ("true,a,b\na,0,1\n", "its rows are 'a', and"),
        ("true,a,b\na,0,1\nb,1\n", "the row of 'b' has 1 costs of 2"),
        ("true,a,b\na,0,1\nb,1,dear\n", "'dear' is no finite number"),
        ("true,a,b\na,0,1\nb,1,inf\n", "'inf' is no finite number"),
        ("true,a,b\na,0,1\nb,1,0\n" + "\n" * 2**20, "has more than 1 MiB"),
    ],
)
def test_a_table_that_is_none_is_a_wrong_call(tmp_path: Path, content: str, words: str) -> None:
    """The message has the file, what is wrong with it, and what is expected."""
    with pytest.raises(CallError) as error:
        read(tmp_path, content, ("a", "b"))

    assert "costs.csv: " in str(error.value)
    assert words in str(error.value)
    assert "a row for each true one" in str(error.value)


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    """The message says so."""
    with pytest.raises(CallError, match="cannot be read: No such file"):
        CostTable.read(tmp_path / "nowhere.csv", LABELS)
