"""Any frame of plain values is read back alike from every kind of file, or refused by row."""

from __future__ import annotations

import csv
import math
import re
from typing import TYPE_CHECKING, Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from artifacts.tables import ColumnRoles, canonical_rows, read_table
from guards.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from artifacts.tables import Table

ROLES = ColumnRoles(("title", "body"), "label", numeric=("number",), categorical=("category",))

# A carriage return alone is written without quotes, and is a line end then.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)
WHOLE = st.integers(-(2**63), 2**63 - 1)
# As many digits as pandas writes into JSON, and no negative zero, which it does not.
FLOATS = st.floats(-9e15, 9e15).map(lambda number: round(float(f"{number:.14g}"), 9) + 0.0)
VALUES = (
    TEXTS,
    st.none() | TEXTS,
    WHOLE,
    st.booleans(),
    FLOATS | st.sampled_from([math.nan, 0.0, 1e15, 0.1]),
    st.sampled_from(["1", "1.0", " a", "NA", "", "nan", "a;b", "a|b", 'say "x"', "two\nlines"]),
)
DIALECTS: dict[str, dict[str, Any]] = {
    "comma": {},
    "semicolon": {"sep": ";", "lineterminator": "\r\n"},
    "tab": {"sep": "\t", "quoting": csv.QUOTE_ALL},
    "pipe": {"sep": "|", "encoding": "utf-16"},
    "mark": {"encoding": "utf-8-sig", "quoting": csv.QUOTE_NONNUMERIC, "lineterminator": "\r"},
}


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a frame: each column holds values of one kind, as a Parquet file demands."""
    rows = draw(st.integers(1, 6))
    kinds = {name: draw(st.sampled_from(VALUES)) for name in (*ROLES.text, "category")}
    kinds |= {"label": draw(st.sampled_from(VALUES)), "number": draw(st.sampled_from(VALUES[2:5]))}
    cells = {
        name: draw(st.lists(kind, min_size=rows, max_size=rows)) for name, kind in kinds.items()
    }
    return pd.DataFrame(cells)


def _writers(frame: pd.DataFrame, directory: Path) -> dict[Path, Callable[[Path], object]]:
    writers: dict[Path, Callable[[Path], object]] = {
        directory / f"{name}.csv": lambda path, dialect=dialect: frame.to_csv(  # type: ignore[misc]
            path, index=False, **dialect
        )
        for name, dialect in DIALECTS.items()
    }
    writers[directory / "t.parquet"] = frame.to_parquet
    writers[directory / "t.jsonl"] = lambda path: frame.to_json(
        path, orient="records", lines=True, double_precision=15
    )
    return writers


def _read(path: Path) -> tuple[Table, list[object]] | str:
    """Return what a table holds, or the row and column that it is refused by."""
    try:
        table = read_table(path, ROLES)
        rows = canonical_rows(table, ROLES.open_schema())
    except TableError as error:
        place = re.match(r"row \d+ of '\w+'", str(error).removeprefix(f"{path}: "))
        return f"{path.name}: {error}" if place is None else place[0]
    return table, [(row.categories, row.missing, list(map(str, row.numeric))) for row in rows]


@settings(max_examples=40)
@given(frames())
def test_any_frame(tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame) -> None:
    """Texts, labels, numbers and categories are the same, or the same cell is refused."""
    read = {}
    for path, write in _writers(frame, tmp_path_factory.getbasetemp()).items():
        write(path)
        read[path.name] = _read(path)

    expected = read.pop("t.parquet")
    for name, found in read.items():
        if isinstance(expected, str) or isinstance(found, str):
            assert found == expected, name
            continue
        texts = [[document["text"] for document in each[0].documents] for each in (found, expected)]
        assert texts[0] == texts[1], name
        assert found[0].labels == expected[0].labels, name
        assert found[1] == expected[1], name
