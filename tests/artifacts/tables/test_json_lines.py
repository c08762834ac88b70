"""JSON Lines hold the values of requests, and a line that is none is refused by row."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from artifacts.tables import read_raw
from guards.errors import TableError
from tests.artifacts.tables.reading import columns, refusal

if TYPE_CHECKING:
    from pathlib import Path


def test_rows_that_differ(tmp_path: Path) -> None:
    """A key that a row lacks is a missing cell, whichever row is the first to have it."""
    data = '{"a": 1}\n\n{"b": null, "c": "x"}\n{"c": "y", "a": 2}\n'

    assert columns(tmp_path / "t.jsonl", data) == {
        "a": [1, None, 2],
        "b": [None, None, None],
        "c": [None, "x", "y"],
    }


def test_a_key_that_every_row_lacks_is_no_column(tmp_path: Path) -> None:
    """The columns that are there are named."""
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n{"b": 2}\n')

    with pytest.raises(TableError, match=r"no column 'text'; it has 'a', 'b'$"):
        read_raw(path, ("text",)).column("text")


def test_values_are_exact(tmp_path: Path) -> None:
    """An integer keeps its digits; NaN, which Python writes, is there as it was."""
    (exact, large, nan) = columns(
        tmp_path / "t.jsonl", '{"a": 7311964552017903617}\n{"a": 1e400}\n{"a": NaN}\n'
    )["a"]

    assert (exact, type(exact), large) == (7311964552017903617, int, math.inf)
    assert nan != nan  # noqa: PLR0124 (NaN)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encoding_by_its_mark(tmp_path: Path, encoding: str) -> None:
    """As of a CSV."""
    data = '{"a": "caf\u00e9"}\r\n{"a": "\u2028"}\n'.encode(encoding)

    assert columns(tmp_path / "t.jsonl", data) == {"a": ["caf\u00e9", "\u2028"]}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ('{"a": 1}\n\n{"a": \n', "row 2 cannot be read as JSON: Expecting value at character "),
        ('{"a": 1, "b": 2, "a": 1}\n', "row 1 cannot be read as JSON: it has two values for 'a'"),
        ('{"a": {"b": 2, "b": 1}}\n', "row 1 cannot be read as JSON: it has two values for 'b'"),
        ('{"a": "half \\ud800"}\n', "row 1 cannot be read as JSON: it holds half of a surrogate"),
        ('{"a": 1}\n[1, 2]\n', "row 2 is no object; write one object a line"),
        ('"text"\n', "row 1 is no object"),
        ('[{"a": 1},\n{"a": 2}]\n', "row 1 cannot be read as JSON: "),
        ('{"a": ' + "[" * 100_000, "row 1 cannot be read as JSON: it nests too deep"),
        (
            '{"a": ' + "1" * 4_301 + "}\n",
            "row 1 cannot be read as JSON: it holds a whole number of",
        ),
    ],
)
def test_what_is_no_row(tmp_path: Path, data: str, says: str) -> None:
    """The row is counted without blank lines, and the line says what is wrong with it."""
    assert refusal(tmp_path / "t.jsonl", data).startswith(says)
