"""A CSV is read as its writer meant, or refused by row in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifacts.tables import read_raw
from guards.errors import TableError
from tests.artifacts.tables.reading import columns, refusal

if TYPE_CHECKING:
    from pathlib import Path

QUOTED = '"a{0} ""b"""{0}x\r\n"two\n\nlines"{0}y\n\n{0}z\n'


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_quoted_cells_hold_anything(tmp_path: Path, delimiter: str) -> None:
    """Delimiters, doubled quotes and line ends inside of a cell are part of it."""
    data = f"text{delimiter}label\n" + QUOTED.format(delimiter)

    read = columns(tmp_path / "t.csv", data)

    assert read == {"text": [f'a{delimiter} "b"', "two\n\nlines", ""], "label": ["x", "y", "z"]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    """Lines end as on any system, and the last one may not end at all."""
    data = end.join(["text,label", "a,x", "", "  ", "b,y"])

    assert columns(tmp_path / "t.csv", data) == {"text": ["a", "b"], "label": ["x", "y"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encoding_by_its_mark(tmp_path: Path, encoding: str) -> None:
    """A byte order mark says what a spreadsheet wrote, and is no part of the first name."""
    data = "text,label\ncaf\u00e9 \U0001f600,x\n".encode(encoding)

    assert columns(tmp_path / "t.csv", data) == {"text": ["caf\u00e9 \U0001f600"], "label": ["x"]}


def test_cells_are_not_interpreted(tmp_path: Path) -> None:
    """A reader must not know better: ``007``, ``NA``, ``1e3`` and spaces stay what they are."""
    read = columns(tmp_path / "t.csv", "a,b\nNA,007\nnull,1e3\n x ,\n")

    assert read == {"a": ["NA", "null", " x "], "b": ["007", "1e3", ""]}


def test_an_index_without_a_name_is_a_column(tmp_path: Path) -> None:
    """What ``to_csv`` writes of an index shifts no other column."""
    assert columns(tmp_path / "t.csv", ",text\n0,a\n1,b\n") == {"": ["0", "1"], "text": ["a", "b"]}


def test_a_cell_of_any_length(tmp_path: Path) -> None:
    """A document may be longer than the library's own limit."""
    assert columns(tmp_path / "t.csv", f"text,label\n{'a' * 200_000},x\n")["label"] == ["x"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "is empty: the first row names the columns"),
        (" \n\n", "is empty: the first row names the columns"),
        ("a,b\n1,2\n\n1,2,3\n", "row 2 has 3 cells, and the header 2; write a cell"),
        ("a,b\n1,2\n1,2\n1\n", "row 3 has 1 cell, and the header 2"),
        ("a,b,c\n1,2,3\n1,2\n", "row 2 has 2 cells, and the header 3"),
        ('a,b\n1,2\n"open,3\n1,2\n', 'row 2 cannot be read: a quote (") opens and is never closed'),
        ('a,b\n1,2\n3,"4"x\n', "row 2 cannot be read: text follows a closing quote"),
        ('a,"b\n1,2\n', "its header cannot be read: a quote"),
        ("a,b\n1,2\n\0,3\n", "row 2 of 'a' holds a NUL character"),
        ("a,b\n1,2\n".encode("utf-16-le"), "its header holds NUL characters; save UTF-16 as UTF-8"),
    ],
)
def test_what_cannot_be_read_without_a_guess(tmp_path: Path, data: bytes | str, says: str) -> None:
    """The row is counted without header and blank lines, and the line says what is wrong."""
    assert refusal(tmp_path / "t.csv", data).startswith(says)


def test_rows_are_counted_over_chunks(tmp_path: Path) -> None:
    """A bad row far down a table is found at its own number."""
    rows = "1,2\n" * 25_000

    assert refusal(tmp_path / "t.csv", f"a,b\n{rows}\n3\n").startswith("row 25001 has 1 cell")
    assert refusal(tmp_path / "t.csv", f'a,b\n{rows}"3').startswith("row 25001 cannot be read")


def test_only_wanted_columns_are_held(tmp_path: Path) -> None:
    """The names of the others are known, and a bad cell of theirs does not matter."""
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b,b\n1,2,\0\n")

    table = read_raw(path, ("a", "b"))

    assert (table.names, table.rows, table.cells) == (("a", "b", "b"), 1, {"a": ["1"]})
    with pytest.raises(TableError, match="has two columns 'b'; leave one of them"):
        table.column("b")


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"'])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_first_line_that_names_the_delimiter(tmp_path: Path, line: str, end: str) -> None:
    """Excel writes it, and it is neither the header nor a row."""
    data = end.join([line, "text;net, gross", "a, b;1,2", ""])

    assert columns(tmp_path / "t.csv", data) == {"text": ["a, b"], "net, gross": ["1,2"]}


@pytest.mark.parametrize("header", ["sep", "sep=a,b", "sep=", "sep=abc"])
def test_a_header_that_begins_alike(tmp_path: Path, header: str) -> None:
    """A column may have such a name."""
    data = f"{header}\n{','.join('1' for _ in header.split(','))}\n"

    assert [*columns(tmp_path / "t.csv", data)] == header.split(",")


@pytest.mark.parametrize("cell", [' "pos"', '  "pos, at all" ', '\t""'])
def test_a_space_before_a_quote_is_noted(tmp_path: Path, cell: str) -> None:
    """The quotes have become a part of the value, which nobody sees in a viewer."""
    path = tmp_path / "t.csv"
    path.write_text(f"text;label\na;b\nc;{cell}\nd;{cell}\n")

    *_, note = read_raw(path).notes

    assert note.startswith(f"{path}: row 2 of 'label' and 1 more: spaces stand before a quote")


@pytest.mark.parametrize(("name", "delimiter"), [("t.tsv", "\t"), ("t.csv", ","), ("t.csv", "|")])
def test_a_cell_that_may_be_several_is_noted(tmp_path: Path, name: str, delimiter: str) -> None:
    """A quote that opens in one row and closes in another one joins them."""
    path = tmp_path / name
    rows = ["text", "label"], ["a", "x"], ['"great', "pos"], ['foo"', "neg"]
    path.write_text("".join(f"{delimiter.join(row)}\n" for row in rows))

    table = read_raw(path)

    assert table.rows == 2
    assert table.notes[-1].startswith(f"{path}: row 2 of 'text': the delimiter and a line end")


def test_quotes_and_lines_that_are_usual(tmp_path: Path) -> None:
    """Texts of several lines, quotes inside of a text, and plain spaces are no news."""
    path = tmp_path / "t.csv"
    path.write_text('text,label\n"two\nlines", x\n"he said ""no"" twice",y\n "5 ,z\n')

    assert read_raw(path).notes == ()


def _read(path: Path) -> tuple[str, set[int], int]:
    """Return the error of reading a table, or the lengths of its columns and the rows."""
    try:
        table = read_raw(path)
    except TableError as error:
        return str(error), set(), 0
    return "", {len(cells) for cells in table.cells.values()}, table.rows


@given(st.binary(max_size=60) | st.text('a1,;"\n\r\0 \t|', max_size=60).map(str.encode))
def test_bytes_become_a_table_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Whatever a file holds, reading it ends in columns of one length or in one sentence."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    said, lengths, rows = _read(path)
    assert said.startswith(f"{path}: ") or lengths <= {rows}
    assert "\n" not in said
