"""What is counted of a window's rows beside its features: segments and unseen documents."""

from __future__ import annotations

import itertools
import math
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.cells import grouped_cells
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.segment_sketch import MAX_WATCHED_SEGMENTS, SegmentSketch
from guards.drift.sketch import RowSketch, merge
from guards.performance.histograms import from_tens
from guards.performance.unseen import UnseenSketch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

PAGES = NumericReference.of(np.random.default_rng(1).normal(size=2_000))
FEATURES: dict[str, FeatureReference] = {
    "pages": PAGES,
    "salary": NumericReference.of(np.random.default_rng(1).normal(size=2_000), private=True),
    "court": CategoricalReference.of(["NDCA", "SDNY"] * 500, ["NDCA", "SDNY"]),
    "champion.label": CategoricalReference.of(["a", "b"] * 9, ["a", "b"]),
}
NAMES = tuple(FEATURES)
MANY = [f"segment {number}" for number in range(30)]


def segments_of(rows: Sequence[tuple[str | None, float]]) -> JsonObject:
    """Count the pages of documents with a segment, all with a confidence of a quarter."""
    counter = SegmentSketch(FEATURES, ["salary"])
    sketch = RowSketch(NAMES, FEATURES, (counter,))
    for segment, pages in rows:
        sketch.update((pages, 0.0, "NDCA", "a"), 0.25, segment)
    sketch.get()
    return counter.get()


def test_a_segment_counts_its_own_documents() -> None:
    """Over grouped cells, with their confidence, without private features and without a segment."""
    found = segments_of([("emea", 0.1), (None, 0.1), ("apac", math.nan), ("emea", -9.0)])
    emea = found["named"]["emea"]
    assert emea["documents"] == 2
    assert emea["features"].keys() == {"pages", "court", "champion.label"}
    groups = grouped_cells(PAGES)
    cells = np.digitize([0.1, -9.0], PAGES.edges)
    expected = np.bincount(groups[cells], minlength=groups.max() + 1)
    assert emea["features"]["pages"]["counts"] == expected.tolist()
    assert emea["features"]["pages"]["confidence"] == (expected * 2**14).tolist()
    assert found["named"]["apac"]["features"]["pages"]["counts"][-2] == 1
    assert found["other"] == {}


def test_the_same_segments_are_kept_in_any_order() -> None:
    """Those with the smallest hashes; the others are summed, and every document is counted once."""
    rows = [(name, float(index % 5)) for index, name in enumerate(MANY * 20)]
    found, backwards = segments_of(rows), segments_of(rows[::-1])
    assert found == backwards
    kept = sorted(MANY, key=lambda name: sha256(name.encode()).digest())[:MAX_WATCHED_SEGMENTS]
    assert set(found["named"]) == set(kept)
    assert {segment["documents"] for segment in found["named"].values()} == {20}
    assert found["other"]["documents"] == 20 * (30 - MAX_WATCHED_SEGMENTS)


def test_segments_of_windows_add_up() -> None:
    """A segment that the sum keeps was kept in each window."""
    parts = [[(name, 1.0) for name in MANY[start::3]] for start in range(3)]
    whole = segments_of(list(itertools.chain(*parts)))
    added = merge(merge(*map(segments_of, parts[:2])), segments_of(parts[2]))
    for name, segment in whole["named"].items():
        assert added["named"][name] == segment


@pytest.mark.parametrize(
    ("row", "unseen"),
    [
        ((0.1, 0.0, "NDCA"), 0),
        ((99.0, 0.0, "NDCA"), 1),
        ((math.nan, 0.0, "NDCA"), 1),
        ((0.1, -99.0, "NDCA"), 1),
        ((0.1, 0.0, "EDTX"), 1),
        ((0.1, 0.0, ""), 1),
        ((99.0, math.inf, "EDTX"), 1),
    ],
)
def test_unseen_documents(row: tuple[float, float, str], unseen: int) -> None:
    """One value where the reference has no row is enough, and two count as one document."""
    counter = UnseenSketch(FEATURES, {"pages", "salary", "court"}, "champion.label", ("a", "b"))
    sketch = RowSketch(NAMES, FEATURES, (counter,))
    sketch.update((*row, "b"), 0.999)
    sketch.update((0.1, 0.0, "SDNY", "a"), 0.5)
    sketch.get()
    found = counter.get()
    assert found["documents"] == unseen
    assert np.flatnonzero(from_tens(found["predicted"].get("b", {}))).tolist() == [199] * unseen
    assert "a" not in found["predicted"]
