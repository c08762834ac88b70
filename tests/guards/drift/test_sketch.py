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
from guards.drift.feature_reference import (
    CONFIDENCE_QUANTA,
    AnsweredRows,
    CategoricalReference,
    NumericReference,
)
from guards.drift.sketch import MatrixSketch, RowSketch, merge
from tests.guards.drift.sketching import sketched

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.drift.feature_reference import FeatureReference
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


def numeric(
    values: NDArray[np.float64] | list[float], reference: NumericReference = PAGES
) -> JsonObject:
    """Sketch values over the cells of a number."""
    return sketched(np.asarray(values, dtype=np.float64).tolist(), reference)


def categorical(values: list[str], reference: CategoricalReference = COURTS) -> JsonObject:
    """Sketch values over a dictionary."""
    return sketched(values, reference)


def window(pages: list[float], courts: list[str]) -> JsonObject:
    """Sketch rows over all features, as many as both have."""
    sketch = RowSketch(tuple(FEATURES), FEATURES)
    for page, court in zip(pages, courts, strict=False):
        sketch.update((page, court, court, page), abs(page) % 1 if math.isfinite(page) else 1.0)
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
    values = np.append(SOME, np.zeros(500))
    answered = AnsweredRows(np.full(len(values), 0.5), np.zeros(len(values), dtype=bool))
    reference = NumericReference.of(values, answered=answered).to_json()
    snapshot = numeric(values)
    assert snapshot == {name: reference[name] for name in snapshot}


def test_missing_and_infinite_stand_apart() -> None:
    """NaN and infinities are counted beside the cells and touch neither sums nor range."""
    snapshot = numeric([1.0, math.nan, math.inf, -math.inf, 2.0, math.nan])
    assert (snapshot["missing"], snapshot["infinite"], sum(snapshot["counts"])) == (2, 2, 2)
    finite = numeric([1.0, 2.0])
    confidence = [*finite["confidence"][:-2], 65536, 65536]
    assert {**finite, "missing": 2, "infinite": 2, "confidence": confidence} == snapshot


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
    assert numeric([0.1, 0.1, 0.2, 0.0], reference)["counts"] == [1, 2, 1]


def test_reference_without_values() -> None:
    """Over a reference that never saw a number, live numbers are counted in the only cell."""
    assert numeric([1.0, 2.0], NumericReference.of(np.array([np.nan])))["counts"] == [2]


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e9])
def test_moments_of_merged_windows_agree_with_numpy(offset: float) -> None:
    """Mean and deviation of 40 merged windows are numpy's on all the data, within a quantum."""
    values = offset + np.random.default_rng(13).gamma(2, 3, size=8_000)
    reference = NumericReference.of(values[:2_000])
    merged: JsonObject = {}
    for part in np.array_split(values, 40):
        merged = merge(merged, numeric(part, reference))
    n, total, squares = len(values), merged["total"], merged["total_squares"]
    mean = total / n * reference.quantum
    deviation = math.sqrt(n * squares - total**2) / n * reference.quantum
    assert mean == pytest.approx(values.mean(), abs=reference.quantum)
    assert deviation == pytest.approx(values.std(), abs=reference.quantum)


def test_categories_missing_and_new() -> None:
    """Known categories count in the dictionary's order; missing and new ones beside it."""
    snapshot = categorical(["SDNY", "", "EDTX", "SDNY", "WDTX", "EDTX", "NDCA"])
    assert snapshot == {
        "counts": [1, 2, 0],
        "missing": 1,
        "unknown": 3,
        "new": {"EDTX": 2, "WDTX": 1},
        "new_other": 0,
        "confidence": [32768, 65536, 0, 32768, 98304],
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
    sketch = RowSketch(("court",), {"court": COURTS})
    for name in [*(f"id-{number}" for number in range(5_000)), *["late", "id-7"] * 100]:
        sketch.update((name,), 1.0)
    snapshot = sketch.get()["court"]
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
    sketch = RowSketch(("client",), {"client": CLIENTS})
    for client in ("acme", "secret-client", "secret-client", ""):
        sketch.update((client,), 1.0)
    snapshot = sketch.get()["client"]
    assert b"secret-client" not in pickle.dumps(sketch)
    assert snapshot == {
        "counts": [1],
        "missing": 1,
        "unknown": 2,
        "new": {},
        "new_other": 2,
        "confidence": [65536, 65536, 131072],
    }


ROWS = [
    (page, court)
    for page, court in zip(
        [*SOME.tolist(), math.nan, math.inf], itertools.cycle(["NDCA", "EDTX", ""]), strict=False
    )
]


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, len(ROWS)])
def test_each_value_is_counted_once_beside_others(rows: int) -> None:
    """However many rows came, read in between or not, each feature has what it would have alone."""
    sketch = RowSketch(("pages", "court"), FEATURES)
    for index, row in enumerate(ROWS[:rows]):
        sketch.update(row, 0.5)
        if index % 300 == 0:
            sketch.get()
    assert sketch.get() == sketch.get()
    assert sketch.get()["pages"] == numeric([page for page, _ in ROWS[:rows]])
    assert sketch.get()["court"] == categorical([court for _, court in ROWS[:rows]])


def test_confidences_add_up_in_every_feature() -> None:
    """The confidence of a document is in the one cell of each feature where the document is."""
    generator = np.random.default_rng(14)
    sketch = RowSketch(("pages", "court"), FEATURES)
    expected = {"pages": np.zeros(len(PAGES.counts) + 2), "court": np.zeros(5)}
    for (page, court), confidence in zip(ROWS, generator.random(len(ROWS)), strict=True):
        sketch.update((page, court), float(confidence))
        cell = np.digitize(page, PAGES.edges)
        if not math.isfinite(page):
            cell = np.int64(len(PAGES.counts) + math.isinf(page))
        expected["pages"][cell] += confidence
        expected["court"][{"NDCA": 0, "": 3}.get(court, 4)] += confidence
    for name, sums in expected.items():
        found = np.array(sketch.get()[name]["confidence"]) / CONFIDENCE_QUANTA
        assert found == pytest.approx(sums, abs=len(ROWS) / CONFIDENCE_QUANTA)


def test_values_of_names_that_are_no_feature_are_not_counted() -> None:
    """A reference of an earlier format lacks features that rows have: the others are counted."""
    sketch = RowSketch(("weight", "court"), {"court": COURTS})
    sketch.update((3.0, "NDCA"), 0.5)
    assert sketch.get() == {"court": categorical(["NDCA"])}


def test_a_snapshot_stays_as_it_is() -> None:
    """Neither counting on nor changing a snapshot changes the other."""
    sketch = RowSketch(("pages",), FEATURES)
    sketch.update((1.0,), 0.5)
    first = sketch.get()
    kept = copy.deepcopy(first)
    sketch.update((1.0,), 0.5)
    assert first == kept
    first["pages"]["counts"][0] = 99
    assert sketch.get()["pages"] == numeric([1.0, 1.0])


@pytest.mark.parametrize("row", [(), (1.0,), (1.0, "NDCA", "acme")])
def test_a_row_of_another_width_is_not_counted(row: tuple[float | str, ...]) -> None:
    """It would put values under the wrong names; the rows around it count."""
    sketch = RowSketch(("pages", "court"), FEATURES)
    sketch.update((1.0, "NDCA"), 0.5)
    with pytest.raises(ValueError, match="a row has 2 values"):
        sketch.update(row, 0.5)
    assert sum(sketch.get()["pages"]["counts"]) == 1


@given(st.lists(st.tuples(numbers, texts), min_size=3, max_size=3))
def test_merge_is_associative_and_commutative(batches: list[tuple[list[float], list[str]]]) -> None:
    """Windows, also when read from a log, merge alike in any order and grouping, and at once."""
    snapshots = [window(pages, courts) for pages, courts in batches]
    logged = [json.loads(json.dumps(snapshot, allow_nan=False)) for snapshot in snapshots]
    expected = json.dumps(merge(merge(*snapshots[:2]), snapshots[2]))
    for one, two, three in itertools.permutations(logged):
        assert json.dumps(merge(merge(one, two), three)) == expected
        assert json.dumps(merge(one, merge(two, three))) == expected
        assert json.dumps(merge(one, two, three)) == expected


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
        ({"pages": [1, 2]}, {"pages": [1, 2.0]}),
        ({"pages": [1, 2]}, {"pages": [1, "2"]}),
        ({"pages": [1, 2]}, {"pages": [1]}),
    ],
)
def test_snapshots_of_different_kinds_do_not_merge(left: JsonObject, right: JsonObject) -> None:
    """Snapshots over other cells, of another kind, or of no kind raise ValueError."""
    with pytest.raises(ValueError, match=r"cannot be merged|same cells"):
        merge(left, right)


def test_lists_of_lists_and_objects_merge_item_by_item() -> None:
    """A square of counts, or a list of objects, adds like any other."""
    left, right = {"pairs": [[1, 2], [3, 4]], "bins": [{"a": 1}]}, {"pairs": [[1, 1], [1, 1]]}
    assert merge(left, right, {"bins": [{"a": 1, "b": 2}]}) == {
        "pairs": [[2, 3], [4, 5]],
        "bins": [{"a": 2, "b": 2}],
    }


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
