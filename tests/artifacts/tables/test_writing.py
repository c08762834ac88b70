"""A table that is written holds, when it is read, what it was made of."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from artifacts.tables import read_raw
from artifacts.tables.cells import text_of
from artifacts.tables.writing import WRITTEN, write_table
from guards.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

COLUMNS: Mapping[str, Sequence[object]] = {
    "text": ['a "b", c;\r\nd\re\u2028', "=1+1", "", ' "é'],
    "whole": [1, None, -3, 2**63 - 1],
    "fraction": [0.1, 1e300, None, -0.0],
    "truth": [True, False, None, True],
    "nothing": [None] * 4,
    'na,"me': ["007", "1.0", "nan", None],
}
MIXED: Mapping[str, Sequence[object]] = {
    "long": [2**63, 1, None, -1],
    "types": [1, 0.5, "x", True],
}


def _written(path: Path, columns: Mapping[str, Sequence[object]]) -> dict[str, list[object]]:
    with path.open("wb") as file:
        write_table(path, file, columns)
    raw = read_raw(path)
    assert raw.names == tuple(columns)
    return dict(raw.cells)


@pytest.mark.parametrize("ending", WRITTEN)
def test_cells_are_read_as_they_were(tmp_path: Path, ending: str) -> None:
    """By value where the format has types, and as texts in a CSV."""
    cells = _written(tmp_path / f"t{ending}", COLUMNS)
    if ending == ".csv":
        assert cells == {name: list(map(text_of, column)) for name, column in COLUMNS.items()}
    else:
        for name, column in COLUMNS.items():
            present = [None if cell != cell else cell for cell in cells[name]]  # noqa: PLR0124 (NaN)
            assert present == list(column), name


@pytest.mark.parametrize("ending", WRITTEN)
def test_no_digit_is_lost_in_columns_of_several_types(tmp_path: Path, ending: str) -> None:
    """They are texts where the format has one type a column."""
    cells = _written(tmp_path / f"t{ending}", MIXED)
    for name, column in MIXED.items():
        assert list(map(text_of, cells[name])) == list(map(text_of, column))


def test_a_nul_character_needs_another_format(tmp_path: Path) -> None:
    """No CSV holds it, JSON Lines do; the error says where it is and what to do."""
    columns = {"text": ["a", "b\0"]}
    with pytest.raises(TableError, match=r"row 2 of 'text' holds a NUL .* ends in \.jsonl"):
        write_table(tmp_path / "t.csv", io.BytesIO(), columns)
    assert _written(tmp_path / "t.jsonl", columns) == columns
