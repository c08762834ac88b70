"""What a log line tells of the values of its document."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.cells import cells_of, grouped_cells
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.line_cells import CellDetail, LineCells, line_features

if TYPE_CHECKING:
    from guards.drift.feature_reference import FeatureReference

GENERATOR = np.random.default_rng(3)
NAMES = [f"court {number}" for number in range(40)]
FEATURES: dict[str, FeatureReference] = {
    "pages": NumericReference.of(GENERATOR.lognormal(size=3_000)),
    "court": CategoricalReference.of(NAMES[:20] * 30 + NAMES[20:], NAMES),
    "salary": NumericReference.of(GENERATOR.normal(size=3_000), private=True),
    "amount": NumericReference.of(GENERATOR.poisson(3, 3_000).astype(np.float64)),
    "sender": CategoricalReference.of(["x"] * 99, ["x"], private=True),
    "constant": NumericReference.of(np.zeros(100)),
    "colour": CategoricalReference.of(["red"] * 50, ["red"]),
}
ROW_NAMES = ("colour", "unwatched", "court", "sender", "amount", "constant", "salary", "pages")
ROWS = [
    ("red", 0.0, "court 3", "x", 2.0, 0.0, 1.5, 0.7),
    ("", 0.0, "court 33", "y", math.nan, 7.0, 1.5, math.inf),
    ("blue", 0.0, "elsewhere", "", -math.inf, math.nan, 1.5, 1e300),
    ("red", 0.0, "court 19", "x", 3.0, -1.0, math.nan, 1e308),
]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("detail", ["grouped", "full"])
def test_cells_are_those_of_the_sketch(row: tuple[float | str, ...], detail: CellDetail) -> None:
    """Feature by feature, in the reference's order, without the private ones."""
    found = LineCells(ROW_NAMES, FEATURES, detail).of(row)
    values = dict(zip(ROW_NAMES, row, strict=True))
    expected = []
    for name in ("pages", "court", "amount", "constant", "colour"):
        cell = cells_of(FEATURES[name]).index(values[name])
        expected.append(cell if detail == "full" else grouped_cells(FEATURES[name])[cell])
    assert list(found or ()) == expected


def test_what_rows_do_not_have_has_no_cell() -> None:
    """An engine without an embedding leaves the cells of the others where they are."""
    cells = LineCells(("court",), FEATURES, "full").of(("court 3",))
    assert cells == [None, 3, None, None, None]


def test_nothing_is_told() -> None:
    """With ``none`` a line has no cells at all."""
    assert LineCells(ROW_NAMES, FEATURES, "none").of(ROWS[0]) is None


def test_private_columns_that_the_reference_does_not_name() -> None:
    """References of the first format do not say which numbers are private: the schema does."""
    assert line_features(FEATURES, {"pages"}) == ("court", "amount", "constant", "colour")
    found = LineCells(ROW_NAMES, FEATURES, "full", {"pages", "court", "amount", "constant"})
    assert tuple(found.of(ROWS[0]) or ()) == (0,)


def test_rare_categories_cannot_be_told_apart() -> None:
    """Two documents with different rare categories have the same line."""
    cells = LineCells(("court",), {"court": FEATURES["court"]}, "grouped")
    assert cells.of(("court 25",)) == cells.of(("court 39",)) != cells.of(("court 3",))


def test_cells_of_a_line_are_a_sequence() -> None:
    """They are found when they are first read, and are then like any others."""
    cells = LineCells(("court",), {"court": FEATURES["court"]}, "full").of(("court 3",))
    assert cells is not None
    assert (len(cells), cells[0], list(cells)) == (1, 3, [3])
    assert cells == [3]
    assert cells != [4]
    assert cells != 3
