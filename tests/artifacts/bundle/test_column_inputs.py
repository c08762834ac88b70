"""Canonical rows in the form that columns were fitted on, there and back through JSON."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from artifacts.bundle.column_inputs import ColumnInput, ColumnInputs, column_inputs_of
from guards.schema import MISSING, CanonicalRow, CategoricalColumn, NumericColumn, Schema

if TYPE_CHECKING:
    from artifacts.bundle.column_inputs import Native
    from guards.json_types import JsonObject

SCHEMA = Schema(
    text=("body",),
    numeric=(NumericColumn("pages", 1.0, 9.0),),
    categorical=(CategoricalColumn("court", ("NDCA",)), CategoricalColumn("code", ("1", "2"))),
    labels=("a", "b"),
)
ROWS = [CanonicalRow((3.0,), ("NDCA", "1")), CanonicalRow((math.nan,), (MISSING, MISSING))]
TEXTS = ["first", "second"]

CODE = ColumnInput("code", "category", {"1": 1, "2": 2}, -1, 3.0, "float64")
COURT = ColumnInput("court", "category", {"NDCA": " NDCA "}, None, None, "object")
PAGES = ColumnInput("pages", "numeric", {}, -1, None, "float64")
BODY = ColumnInput("body", "text", {}, None, None, "object")


@pytest.mark.parametrize(
    ("category", "native"),
    [("1", 1), ("7", 7.0), ("2.50", 2.5), ("seven", 3.0), ("inf", 3.0), ("1e999", 3.0)],
)
def test_category_among_numbers(category: str, native: float) -> None:
    """An unknown number is itself, and a word a number that no category is."""
    assert CODE.native(category) == native


@pytest.mark.parametrize(("category", "native"), [("NDCA", " NDCA "), ("EDTX", "EDTX")])
def test_category_among_texts(category: str, native: str) -> None:
    """A known category is as training had it, an unknown one as it came."""
    assert COURT.native(category) == native


@pytest.mark.parametrize(("column", "missing"), [(CODE, -1), (COURT, None)])
def test_missing_category(column: ColumnInput, missing: object) -> None:
    """A missing category is what stood for it in training."""
    assert column.native(MISSING) == missing


def test_frame_with_names() -> None:
    """Columns come in the frame's order, with its types and its values for missing ones."""
    filled = ColumnInputs("frame", (BODY, COURT, PAGES, CODE)).fill(SCHEMA, ROWS, TEXTS)

    assert isinstance(filled, pd.DataFrame)
    assert list(filled.columns) == ["body", "court", "pages", "code"]
    assert [str(dtype) for dtype in filled.dtypes] == ["object", "object", "float64", "float64"]
    assert filled["body"].tolist() == TEXTS
    assert filled["court"].tolist() == [" NDCA ", None]
    assert filled["pages"].tolist() == [3.0, -1.0]
    assert filled["code"].tolist() == [1.0, -1.0]


def test_array_without_names() -> None:
    """Numbers alone make an array of numbers, and with texts one of objects."""
    numbers = ColumnInputs("array", (PAGES, CODE)).fill(SCHEMA, ROWS, TEXTS)
    mixed = ColumnInputs("array", (COURT, CODE)).fill(SCHEMA, ROWS, TEXTS)

    assert isinstance(numbers, np.ndarray)
    assert isinstance(mixed, np.ndarray)
    assert numbers.dtype == np.float64
    assert numbers.tolist() == [[3.0, 1.0], [-1.0, -1.0]]
    assert mixed.dtype == object
    assert mixed.tolist() == [[" NDCA ", 1.0], [None, -1.0]]


def test_bare_texts() -> None:
    """Columns that take nothing but the text are given nothing else."""
    assert ColumnInputs("texts", ()).fill(SCHEMA, ROWS, TEXTS) == TEXTS


def test_rows_are_not_changed() -> None:
    """A missing number is replaced in the frame, and stays missing in the row."""
    ColumnInputs("frame", (PAGES,)).fill(SCHEMA, ROWS, TEXTS)

    assert math.isnan(ROWS[1].numeric[0])


@pytest.mark.parametrize("missing", [math.nan, None, "", "nan", "not a number", -1, 2.5, False])
def test_frame_through_json(missing: Native) -> None:
    """A frame is the same after it was written and read, NaN and None apart from each other."""
    column_inputs = ColumnInputs(
        "frame", (COURT, ColumnInput("x", "category", {"1": 1}, missing, 2.0, "object"))
    )

    text = json.dumps(column_inputs.to_json(), allow_nan=False)
    read = ColumnInputs.from_json(json.loads(text))

    assert repr(read) == repr(column_inputs)


@pytest.mark.parametrize(
    "data",
    [{}, {"shape": "frame"}, {"shape": "frame", "columns": [{}]}, {"shape": "frame", "columns": 3}],
)
def test_malformed_frame(data: JsonObject) -> None:
    """What is no frame raises what the caller expects."""
    with pytest.raises((KeyError, TypeError)):
        ColumnInputs.from_json(data)


def test_own_frame_is_the_canonical_values() -> None:
    """Columns that were trained here take canonical values as they are."""
    filled = column_inputs_of(SCHEMA).fill(SCHEMA, ROWS, TEXTS)

    assert isinstance(filled, pd.DataFrame)
    assert list(filled.columns) == ["pages", "court", "code"]
    assert filled["court"].tolist() == ["NDCA", MISSING]
    assert filled["code"].tolist() == ["1", MISSING]
    assert math.isnan(filled["pages"][1])
