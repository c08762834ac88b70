"""A file of another kind, or a broken one, is refused with a reason and no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.tables import read_raw
from guards.errors import TableError
from tests.artifacts.tables.reading import refusal

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = "expected .csv, .tsv, .parquet, .jsonl or .ndjson, found "


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("t.parquet", b"PAR1", "cannot be read as parquet: "),
        ("t.parquet", b"text,label\n", "cannot be read as parquet: "),
        ("t.xlsx", b"PK", f"{ENDINGS}'.xlsx', which is an Excel workbook; save its sheet as CSV"),
        ("t.csv.gz", b"\x1f\x8b", f"{ENDINGS}'.gz', which is compressed by gzip; unpack it first"),
        ("t.zip", b"PK", f"{ENDINGS}'.zip', which is a ZIP archive; unpack"),
        ("t.json", b"[]", f"{ENDINGS}'.json', which may be one JSON document; write one object a"),
        ("t.csv", b"\x1f\x8b\x08\0", "holds gzip data; unpack it first"),
        ("t.jsonl", b"\x1f\x8b\x08\0", "holds gzip data; unpack it first"),
        ("t.csv", b"PK\3\4\0", "holds a ZIP archive or an Excel workbook; unpack it, or save"),
        ("t.parquet", b"PK\3\4\0", "holds a ZIP archive or an Excel workbook; unpack it, or save"),
        ("table", b"", f"{ENDINGS}'no ending'"),
    ],
)
def test_file_that_is_no_table(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    """The line says what was expected, or what the library says."""
    assert refusal(tmp_path / name, data).startswith(says)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """A mistyped path is called what it is, and so is a directory."""
    (tmp_path / "d.parquet").mkdir()
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "0.parquet").touch()

    with pytest.raises(TableError, match=r"t\.csv: no such file$"):
        read_raw(tmp_path / "t.csv")
    with pytest.raises(TableError, match=r"d\.parquet: is a directory; name a file$"):
        read_raw(tmp_path / "d.parquet")
    with pytest.raises(TableError, match=r"is a directory of Parquet files; write them as one"):
        read_raw(tmp_path / "parts")


def test_ndjson_is_json_lines(tmp_path: Path) -> None:
    """It is another ending of the same thing."""
    path = tmp_path / "t.ndjson"
    path.write_text('{"a": 1}\n')

    assert read_raw(path).cells == {"a": [1]}


def test_a_tsv_is_separated_by_tabs(tmp_path: Path) -> None:
    """Its ending says so, and a comma in it needs no quotes."""
    path = tmp_path / "T.TSV"
    path.write_text("text\tlabel\na, b\tx\n")

    table = read_raw(path)

    assert (table.cells, table.notes) == ({"text": ["a, b"], "label": ["x"]}, ())


def test_another_delimiter_is_noted(tmp_path: Path) -> None:
    """What was found is said, since the ending promises a comma."""
    path = tmp_path / "t.csv"
    path.write_text("text;label\na;x\n")

    assert read_raw(path).notes == (f"{path}: its cells are separated by ';'",)
