"""What a window counts, and that windows merge exactly and in any order."""

from __future__ import annotations

import copy
import doctest
import itertools
import json
import math
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import guards.drift.sketch
from guards.drift.reference import CategoricalReference, NumericReference
from guards.drift.sketch import (
    CategoricalSketch,
    MatrixSketch,
    NumericSketch,
    RowSketch,
    Sketch,
    merge,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.drift.reference import FeatureReference
    from guards.json_types import JsonObject

SOME = np.random.default_rng(11).lognormal(size=2_000)
PAGES = NumericReference.of(np.append(SOME, np.zeros(500)))
COURTS = CategoricalReference.of([], ["NDCA", "SDNY", "minimum"])
CLIENTS = CategoricalReference.of([], ["acme"], private=True)
FEATURES: dict[str, FeatureReference] = {
    "pages": PAGES,
    "court": COURTS,
    "client": CLIENTS,
    "minimum": PAGES,
}

numbers = st.lists(st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.0, 1e300, math.nan]))
texts = st.lists(st.sampled_from(["NDCA", "SDNY", "minimum", "maximum", "counts", "", "é"]))


def numeric(values: NDArray[np.float64] | list[float]) -> JsonObject:
    """Sketch values over the cells of PAGES in one batch."""
    sketch = NumericSketch(PAGES)
    sketch.update(np.asarray(values, dtype=np.float64).tolist())
    return sketch.get()


def categorical(values: list[str], reference: CategoricalReference = COURTS) -> JsonObject:
    """Sketch values over a dictionary in one batch."""
    sketch = CategoricalSketch(reference)
    sketch.update(values)
    return sketch.get()


def window(pages: list[float], courts: list[str]) -> JsonObject:
    """Sketch a batch over all features, with lengths that differ."""
    sketch = Sketch(FEATURES)
    sketch.update({"pages": pages, "minimum": pages[1:], "court": courts, "client": courts[2:]})
    return sketch.get()


def test_counts_agree_with_numpy() -> None:
    """Every value is in the cell where numpy's histogram has it, outliers in the outer ones."""
    values = np.random.default_rng(12).normal(1, 3, size=3_000)
    oracle, _ = np.histogram(values, bins=[-np.inf, *PAGES.edges, np.inf])
    snapshot = numeric(values)
    assert snapshot["counts"] == oracle.tolist()
    assert snapshot["counts"][0] == (values < PAGES.edges[0]).sum()
    assert snapshot["counts"][-1] == (values >= PAGES.edges[-1]).sum()
    assert (snapshot["minimum"], snapshot["maximum"]) == (values.min(), values.max())


def test_sketch_of_the_reference_rows_is_the_reference() -> None:
    """The rows that built a reference give exactly its counts and sums when they come live."""
    reference = PAGES.to_json()
    snapshot = numeric(np.append(SOME, np.zeros(500)))
    assert snapshot == {name: reference[name] for name in snapshot}


def test_missing_and_infinite_stand_apart() -> None:
    """NaN and infinities are counted beside the cells and touch neither sums nor range."""
    snapshot = numeric([1.0, math.nan, math.inf, -math.inf, 2.0, math.nan])
    assert (snapshot["missing"], snapshot["infinite"], sum(snapshot["counts"])) == (2, 2, 2)
    assert {**numeric([1.0, 2.0]), "missing": 2, "infinite": 2} == snapshot


def test_empty_window() -> None:
    """A window without documents is zeros, with no range."""
    snapshot = numeric([])
    assert not any(snapshot["counts"])
    assert (snapshot["total"], snapshot["minimum"], snapshot["maximum"]) == (0, None, None)


@pytest.mark.parametrize("huge", [1e300, -1e300, 1.7976931348623157e308])
def test_huge_values_neither_fail_nor_spoil_counts(huge: float) -> None:
    """A huge value is one count and an exact extreme, and its sums stay within a double."""
    values = [1.0] * 5_000 + [huge]
    snapshot = numeric(values)
    assert sum(snapshot["counts"]) == 5_001
    assert huge in {snapshot["minimum"], snapshot["maximum"]}
    assert float(snapshot["total_squares"]) < 1e40
    assert merge(numeric([1.0] * 5_000), numeric([huge])) == snapshot


def test_constant_column() -> None:
    """A constant column counts in one cell, and another value beside it in another."""
    reference = NumericReference.of(np.full(100, 0.1))
    sketch = NumericSketch(reference)
    sketch.update([0.1, 0.1, 0.2, 0.0])
    assert sketch.get()["counts"] == [1, 2, 1]


def test_reference_without_values() -> None:
    """Over a reference that never saw a number, live numbers are counted in the only cell."""
    sketch = NumericSketch(NumericReference.of(np.array([np.nan])))
    sketch.update([1.0, 2.0])
    assert sketch.get()["counts"] == [2]


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e9])
def test_moments_of_merged_windows_agree_with_numpy(offset: float) -> None:
    """Mean and deviation of 40 merged windows are numpy's on all the data, within a quantum."""
    values = offset + np.random.default_rng(13).gamma(2, 3, size=8_000)
    reference = NumericReference.of(values[:2_000])
    merged: JsonObject = {}
    for part in np.array_split(values, 40):
        sketch = NumericSketch(reference)
        sketch.update(part.tolist())
        merged = merge(merged, sketch.get())
    n, total, squares = len(values), merged["total"], merged["total_squares"]
    mean = total / n * reference.quantum
    deviation = math.sqrt(n * squares - total**2) / n * reference.quantum
    assert mean == pytest.approx(values.mean(), abs=reference.quantum)
    assert deviation == pytest.approx(values.std(), abs=reference.quantum)


@given(numbers)
def test_numeric_batch_equals_one_by_one(values: list[float]) -> None:
    """Updating with a batch or with each value alone gives the same snapshot."""
    sketch = NumericSketch(PAGES)
    for value in values:
        sketch.update([value])
    assert sketch.get() == numeric(values)


def test_folding_while_values_come_in_changes_nothing() -> None:
    """Thousands of single updates, read now and then, count what one batch counts."""
    sketch = NumericSketch(PAGES)
    for number, value in enumerate(SOME.tolist()):
        sketch.update([value])
        if number % 300 == 0:
            sketch.get()
    assert sketch.get() == numeric(SOME)


def test_update_leaves_its_input_and_get_its_state() -> None:
    """A batch is not changed by counting it, nor the window by changing a snapshot of it."""
    batch = [1.0, math.nan, 3.0]
    sketch = NumericSketch(PAGES)
    sketch.update(batch)
    first = sketch.get()
    kept = copy.deepcopy(first)
    first["counts"][0] = 99
    assert sketch.get() == kept
    assert batch[::2] == [1.0, 3.0]


def test_what_is_no_number_counts_nothing() -> None:
    """A text among numbers raises TypeError, and the numbers before it are not counted."""
    sketch = NumericSketch(PAGES)
    with pytest.raises(TypeError):
        sketch.update([1.0, "two"])  # type: ignore[list-item]  # the mistake under test
    assert sketch.get() == numeric([])


def test_categories_missing_and_new() -> None:
    """Known categories count in the dictionary's order; missing and new ones beside it."""
    snapshot = categorical(["SDNY", "", "EDTX", "SDNY", "WDTX", "EDTX", "NDCA"])
    assert snapshot == {
        "counts": [1, 2, 0],
        "missing": 1,
        "unknown": 3,
        "new": {"EDTX": 2, "WDTX": 1},
        "new_other": 0,
    }


def test_snapshot_names_twenty_frequent() -> None:
    """Of many new categories, the most frequent twenty are named and the rest is one number."""
    values = [f"new-{rank:02}" for rank in range(30) for _ in range(30 - rank)]
    snapshot = categorical(values)
    assert snapshot["new"] == {f"new-{rank:02}": 30 - rank for rank in range(20)}
    assert snapshot["new_other"] == sum(range(1, 11))
    assert snapshot["unknown"] == len(values)


def test_names_shown_do_not_depend_on_the_order_of_arrival() -> None:
    """Of equally frequent new categories, the same twenty are named whichever came first."""
    values = [f"new-{number:02}" for number in range(30)]
    assert json.dumps(categorical(values)) == json.dumps(categorical(values[::-1]))


def test_column_of_identifiers_stays_small() -> None:
    """After a thousand distinct new categories, a further one is counted and not remembered."""
    sketch = CategoricalSketch(COURTS)
    sketch.update([f"id-{number}" for number in range(5_000)])
    sketch.update(["late"] * 100 + ["id-7"] * 100)
    snapshot = sketch.get()
    assert snapshot["new"]["id-7"] == 101
    assert "late" not in snapshot["new"]
    assert snapshot["unknown"] == 5_200
    assert snapshot["new_other"] + sum(snapshot["new"].values()) == 5_200
    assert len(pickle.dumps(sketch)) < 50_000


def test_free_text_is_counted_and_not_kept() -> None:
    """A value too long to be a category never reaches a snapshot."""
    snapshot = categorical(["A whole paragraph. " * 20])
    assert (snapshot["unknown"], snapshot["new"], snapshot["new_other"]) == (1, {}, 1)


def test_private_values_leak_nowhere() -> None:
    """An unknown value of a private column is in neither the snapshot nor the sketch."""
    sketch = Sketch({"client": CLIENTS})
    sketch.update({"client": ["acme", "secret-client", "secret-client", ""]})
    assert b"secret-client" not in pickle.dumps(sketch)
    assert sketch.get()["client"] == {
        "counts": [1],
        "missing": 1,
        "unknown": 2,
        "new": {},
        "new_other": 2,
    }


@given(texts)
def test_categorical_batch_equals_one_by_one(values: list[str]) -> None:
    """Updating with a batch or with each value alone gives the same snapshot."""
    sketch = CategoricalSketch(COURTS)
    for value in values:
        sketch.update([value])
    assert sketch.get() == categorical(values)


def test_unknown_feature_counts_nothing() -> None:
    """A batch with a feature that the sketch does not have raises KeyError and counts nothing."""
    sketch = Sketch(FEATURES)
    with pytest.raises(KeyError, match="weight"):
        sketch.update({"pages": [1.0], "weight": [2.0]})
    assert sketch.get() == Sketch(FEATURES).get()


def test_window_counts_each_feature_alone() -> None:
    """A window over many features holds what each feature's own sketch would hold."""
    snapshot = window([1.0, 2.0, math.nan], ["NDCA", "EDTX", "acme", "x"])
    assert snapshot["pages"] == numeric([1.0, 2.0, math.nan])
    assert snapshot["minimum"] == numeric([2.0, math.nan])
    assert snapshot["court"] == categorical(["NDCA", "EDTX", "acme", "x"])
    assert snapshot["client"] == categorical(["acme", "x"], CLIENTS)


ROWS = [
    (page, court)
    for page, court in zip(
        [*SOME.tolist(), math.nan, math.inf], itertools.cycle(["NDCA", "EDTX", ""]), strict=False
    )
]


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, len(ROWS)])
def test_rows_one_by_one_equal_columns(rows: int) -> None:
    """However many rows came, read in between or not, each of their values is counted once."""
    sketch = RowSketch(("pages", "court"), FEATURES)
    for index, row in enumerate(ROWS[:rows]):
        sketch.update(row)
        if index % 300 == 0:
            sketch.get()
    whole = Sketch(FEATURES)
    whole.update({"pages": [p for p, _ in ROWS[:rows]], "court": [c for _, c in ROWS[:rows]]})
    assert sketch.get() == whole.get() == sketch.get()


def test_rows_name_features_that_there_are() -> None:
    """A name that is no feature is refused before the first row, not at some later one."""
    with pytest.raises(KeyError, match="weight"):
        RowSketch(("pages", "weight"), FEATURES)


@pytest.mark.parametrize("row", [(), (1.0,), (1.0, "NDCA", "acme")])
def test_a_row_of_another_width_is_not_counted(row: tuple[float | str, ...]) -> None:
    """It would put values under the wrong names; the rows around it count."""
    sketch = RowSketch(("pages", "court"), FEATURES)
    sketch.update((1.0, "NDCA"))
    with pytest.raises(ValueError, match="a row has 2 values"):
        sketch.update(row)
    assert sum(sketch.get()["pages"]["counts"]) == 1


@given(st.lists(st.tuples(numbers, texts), min_size=3, max_size=3))
def test_merge_is_associative_and_commutative(batches: list[tuple[list[float], list[str]]]) -> None:
    """Three windows, also when read back from a log, merge alike in any order and grouping."""
    snapshots = [window(pages, courts) for pages, courts in batches]
    logged = [json.loads(json.dumps(snapshot, allow_nan=False)) for snapshot in snapshots]
    expected = json.dumps(merge(merge(*snapshots[:2]), snapshots[2]))
    for one, two, three in itertools.permutations(logged):
        assert json.dumps(merge(merge(one, two), three)) == expected
        assert json.dumps(merge(one, merge(two, three))) == expected


@given(st.tuples(numbers, texts), st.tuples(numbers, texts))
def test_merge_equals_one_window(
    left: tuple[list[float], list[str]], right: tuple[list[float], list[str]]
) -> None:
    """Two merged windows are the window over both batches, for numbers and for categories."""
    assert merge(numeric(left[0]), numeric(right[0])) == numeric(left[0] + right[0])
    assert merge(categorical(left[1]), categorical(right[1])) == categorical(left[1] + right[1])


def test_merge_keeps_every_named_category() -> None:
    """Merging truncates nothing: two windows with twenty new categories each give forty."""
    left = categorical([f"a{number}" for number in range(20)])
    right = categorical([f"b{number}" for number in range(20)])
    assert len(merge(left, right)["new"]) == 40


def test_merge_leaves_its_arguments() -> None:
    """Neither snapshot changes when they are merged, nor when the result is changed."""
    left, right = window([1.0], ["EDTX"]), window([2.0], ["NDCA"])
    kept = copy.deepcopy((left, right))
    merged = merge(left, right)
    merged["court"]["new"]["EDTX"] = 99
    merged["pages"]["counts"][0] = 99
    assert (left, right) == kept


def test_nothing_is_neutral() -> None:
    """Merging with an empty object gives the same snapshot, so that a fold may start from it."""
    snapshot = window([1.0, math.inf], ["EDTX"])
    assert merge({}, snapshot) == merge(snapshot, {}) == snapshot


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (numeric([1.0]), categorical(["NDCA"])),
        (categorical(["NDCA"]), categorical(["NDCA"], CLIENTS)),
        ({"pages": 1}, {"pages": {"counts": [1]}}),
        ({"pages": "many"}, {"pages": "few"}),
    ],
)
def test_snapshots_of_different_kinds_do_not_merge(left: JsonObject, right: JsonObject) -> None:
    """Snapshots over other cells, of another kind, or of no kind raise ValueError."""
    with pytest.raises(ValueError, match=r"cannot be merged|same cells"):
        merge(left, right)


def test_matrix_counts_pairs_and_merges() -> None:
    """The matrix has documents by champion label, then challenger label, whatever their names."""
    left, right = MatrixSketch(), MatrixSketch()
    left.update([("minimum", "maximum"), ("minimum", "maximum"), ("counts", "minimum")])
    right.update([("minimum", "maximum"), ("minimum", "minimum")])
    assert left.get() == {"minimum": {"maximum": 2}, "counts": {"minimum": 1}}
    assert merge(left.get(), right.get()) == {
        "minimum": {"maximum": 3, "minimum": 1},
        "counts": {"minimum": 1},
    }


def test_examples_in_the_documentation() -> None:
    """Every example in the accumulators' documentation gives what it says."""
    failed, attempted = doctest.testmod(guards.drift.sketch)
    assert (failed, attempted > 0) == (0, True)
