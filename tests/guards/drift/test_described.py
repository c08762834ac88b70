"""What a log tells of the reference that its documents were counted over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.cells import grouped_cells
from guards.drift.described import MAX_NAMED, DescribedFeature
from guards.drift.feature_reference import CategoricalReference, NumericReference

if TYPE_CHECKING:
    from guards.drift.feature_reference import FeatureReference

GENERATOR = np.random.default_rng(7)
COURTS = [f"court {number}" for number in range(60)]
REFERENCES: dict[str, FeatureReference] = {
    "pages": NumericReference.of(GENERATOR.lognormal(size=3_000)),
    "visits": NumericReference.of(GENERATOR.poisson(3, 3_000).astype(np.float64)),
    "constant": NumericReference.of(np.zeros(100)),
    "never": NumericReference.of(np.array([])),
    "court": CategoricalReference.of(COURTS[:50] * 30 + COURTS[50:], COURTS),
    "empty": CategoricalReference.of([], []),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_groups_are_those_of_the_reference(name: str) -> None:
    """A reader without the bundle joins cells as the service did, and names every group."""
    described = DescribedFeature.of(name, REFERENCES[name])
    groups = grouped_cells(REFERENCES[name])
    assert described.groups.tolist() == groups.tolist()
    assert len(described.group_names()) == groups.max() + 1
    assert len(set(described.group_names())) == groups.max() + 1


@pytest.mark.parametrize("name", REFERENCES)
def test_it_is_read_as_it_was_written(name: str) -> None:
    """The JSON of a feature is plain."""
    described = DescribedFeature.of(name, REFERENCES[name])
    assert DescribedFeature.from_json(json.loads(json.dumps(described.to_json()))) == described


def test_only_frequent_categories_are_named() -> None:
    """As many as a window may name; the others are known by their number."""
    counts = [30] * MAX_NAMED + [25] * 5 + [3] * 4
    names = [f"court {number}" for number in range(len(counts))]
    values = [name for name, count in zip(names, counts, strict=True) for _ in range(count)]
    described = DescribedFeature.of("court", CategoricalReference.of(values, names))
    assert list(described.categories.values()) == names[:MAX_NAMED]
    *_, unnamed, rare, missing, unknown = described.group_names()
    assert (unnamed, rare, missing, unknown) == (
        "category 25",
        "4 rare categories",
        "missing",
        "unknown",
    )
    everything = DescribedFeature.of("label", CategoricalReference.of(values, names), None)
    assert list(everything.categories.values()) == names


def test_numbers_are_named_by_the_edges_between_groups() -> None:
    """Every value of a group lies between the two numbers of its name."""
    reference = NumericReference.of(np.arange(800.0))
    names = DescribedFeature.of("pages", reference).group_names()
    first, *_, last, missing, infinite = names
    assert first.startswith("below ")
    assert last.endswith(" or more")
    assert (missing, infinite) == ("missing", "infinite")
    ends = [name.split(" to ") for name in names[1:-3]]
    assert [low for low, _ in ends[1:]] == [high for _, high in ends[:-1]]


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"name": "pages", "counts": [1, 2], "edges": [1.0, 2.0]},
        {"name": "pages", "counts": [1, 2, 3, 4, 5], "edges": [2.0, 1.0]},
        {"name": "pages", "counts": [1, 2, -3], "edges": []},
        {"name": "court", "counts": [1, 2, 3], "categories": {"1": "NDCA"}},
        {"name": "court", "counts": [1, 2, 3], "categories": {"one": "NDCA"}},
        {"name": "court", "counts": [1, 2, 3], "categories": {"0": 5}},
        {"name": 5, "counts": [1, 2, 3], "categories": {}},
        {"name": "court", "counts": [1.5, 2, 3], "categories": {}},
    ],
)
def test_what_contradicts_itself_is_refused(data: object) -> None:
    """Lines may have been changed on their way."""
    with pytest.raises(ValueError, match=r"\w"):
        DescribedFeature.from_json(data)
