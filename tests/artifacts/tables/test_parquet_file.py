"""Typed cells of Parquet are what their writer meant, or what they are in words."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artifacts.tables import read_raw
from artifacts.tables.cells import kind_of
from guards.plain_values import plain_value
from guards.schema import canonical_category, canonical_number

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.date(2024, 2, 29)
MOMENT = dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC)


def read(path: Path, column: Any) -> list[object]:  # noqa: ANN401 (pyarrow has no types)
    """Write a column of Arrow's, and return the cells that are read of it."""
    pq.write_table(pa.table({"a": column}), path / "t.parquet")
    return read_raw(path / "t.parquet").column("a")


@pytest.mark.parametrize(
    ("values", "kind", "categories"),
    [
        ([Decimal("12.50"), None], pa.decimal128(10, 2), ["12.5", ""]),
        ([Decimal(1), Decimal(-7)], pa.decimal128(3, 0), ["1", "-7"]),
        ([Decimal("12345678901234567.89")], pa.decimal128(20, 2), ["12345678901234567.89"]),
        ([Decimal("0.30")], pa.decimal256(50, 20), ["0.3"]),
        ([7311964552017903617, None], pa.int64(), ["7311964552017903617", ""]),
        ([2**64 - 1], pa.uint64(), ["18446744073709551615"]),
        ([True, None, False], pa.bool_(), ["true", "", "false"]),
        (["x", None], pa.large_string(), ["x", ""]),
        (["x", None], pa.string_view(), ["x", ""]),
        (["x", None, "x"], pa.dictionary(pa.int8(), pa.string()), ["x", "", "x"]),
        ([3, None], pa.dictionary(pa.int8(), pa.int64()), ["3", ""]),
        ([0.1, 1.0, None], pa.float32(), ["0.1", "1", ""]),
        ([np.float16(0.1)], pa.float16(), ["0.1"]),
        ([0.1, None, math.nan], pa.float64(), ["0.1", "", ""]),
        ([None, None], pa.null(), ["", ""]),
    ],
    ids=str,
)
def test_plain_cells(
    tmp_path: Path, values: list[object], kind: object, categories: list[str]
) -> None:
    """A cell is the category that the same value has in a request, digit by digit."""
    cells = read(tmp_path, pa.array(values, kind))

    assert [canonical_category(plain_value(cell)) for cell in cells] == categories


def test_decimal_fractions_are_numbers(tmp_path: Path) -> None:
    """12.50 of a database is the 12.5 of a request, and a large one the nearest number."""
    cells = read(tmp_path, pa.array([Decimal("12.50"), Decimal("12345678901234567.89"), None]))

    numbers = [canonical_number(plain_value(cell)) for cell in cells]

    assert numbers[:2] == [12.5, 12345678901234567.89]
    assert math.isnan(numbers[2] or 0)


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ([DAY, None], pa.date32(), "a date"),
        ([MOMENT, None], pa.timestamp("us", "UTC"), "a date and time"),
        ([1], pa.timestamp("ns"), "a date and time"),
        ([2**60], pa.timestamp("us"), "a value of the type timestamp[us]"),
        ([dt.time(12, 30)], pa.time64("us"), "a time"),
        ([1], pa.time64("ns"), "a time"),
        ([dt.timedelta(days=2)], pa.duration("s"), "a duration"),
        ([b"x"], pa.binary(), "binary data"),
        ([b"xyz"], pa.binary(3), "binary data"),
        ([["x"], None], pa.list_(pa.string()), "a list"),
        ([{"x": 1}], pa.struct([("x", pa.int8())]), "an object"),
        ([[("x", 1)]], pa.map_(pa.string(), pa.int8()), "a list"),
    ],
    ids=str,
)
def test_other_cells_are_called_what_they_are(
    tmp_path: Path, values: list[object], kind: object, words: str
) -> None:
    """Nothing is made of them in silence; a missing one is missing all the same."""
    first, *missing = read(tmp_path, pa.array(values, kind))

    assert kind_of(first) == words
    assert all(cell is None for cell in missing)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pd.PeriodIndex(["2024-02"], freq="M"), "pandas.period"),
        (pd.arrays.IntervalArray.from_tuples([(0, 1)]), "pandas.interval"),
    ],
)
def test_extension_types_are_named(tmp_path: Path, column: object, words: str) -> None:
    """The number that stores a period is no number of the table."""
    pd.DataFrame({"a": column}).to_parquet(tmp_path / "t.parquet")

    (cell,) = read_raw(tmp_path / "t.parquet").column("a")

    assert kind_of(cell) == f"a value of the type {words}"


def test_an_extension_type_that_nobody_knows(tmp_path: Path) -> None:
    """The file names it, although only its storage can be read."""
    field = pa.field("a", pa.int64(), metadata={"ARROW:extension:name": "company.money"})
    pq.write_table(pa.table({"a": [1]}, schema=pa.schema([field])), tmp_path / "t.parquet")

    (cell,) = read_raw(tmp_path / "t.parquet").column("a")

    assert kind_of(cell) == "a value of the type company.money"


def test_an_index_of_pandas_is_a_column(tmp_path: Path) -> None:
    """It was a column when somebody named it, and pandas alone knows of the difference."""
    frame = pd.DataFrame({"id": ["x", "y"], "text": ["a", "b"]}).set_index("id")
    frame.to_parquet(tmp_path / "t.parquet")

    assert read_raw(tmp_path / "t.parquet").column("id") == ["x", "y"]


def test_columns_of_one_name(tmp_path: Path) -> None:
    """They cannot be told apart, and those beside them can be read."""
    table = pa.table([[1], [2], [3]], names=["a", "b", "a"])
    pq.write_table(table, tmp_path / "t.parquet")

    raw = read_raw(tmp_path / "t.parquet", ("b",))

    assert (raw.names, raw.rows, raw.cells) == (("a", "b", "a"), 1, {"b": [2]})
