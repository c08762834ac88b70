"""How inputs were distributed: from windows where they suffice, else from lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.cell_space import CellSpace, WatchedInput
from guards.diagnosis.distributions import Distribution, distributions
from guards.diagnosis.moved_inputs import InputBlocks
from guards.drift.described import DescribedFeature
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.events.drift_reference import DriftReference
from guards.events.window_counts import WindowCounts

PAGES = NumericReference.of(np.arange(1.0, 321.0), bins=16)
COURT = CategoricalReference.of(["NDCA"] * 50 + ["SDNY"] * 30, ["NDCA", "SDNY"])
REFERENCE = DriftReference(
    "sha256:ref",
    "grouped",
    (DescribedFeature.of("pages", PAGES), DescribedFeature.of("court", COURT)),
)


def _blocks(watched: WatchedInput) -> InputBlocks:
    """Return ten good documents in the first group, and ten bad ones in the second."""
    sides = (
        Blocks.of(np.zeros(10, dtype=np.int64), np.ones(10), np.full(10, cell), len(watched.cells))
        for cell in (0, 1)
    )
    return InputBlocks(watched, *sides)


def _window(documents: int, cell: int, **new: int) -> WindowCounts:
    """Return a window whose numbers are all in one cell, and whose categories are as named."""
    counts = [0] * len(PAGES.counts)
    counts[cell] = documents
    unknown = sum(new.values())
    court = {"counts": [documents - unknown, 0], "missing": 0, "unknown": unknown, "new": new}
    pages = {"counts": counts, "missing": 1, "infinite": 0}
    return WindowCounts("sha256:ref", documents, {"pages": pages, "court": court})


def _found(good: list[WindowCounts], bad: list[WindowCounts]) -> tuple[Distribution, ...]:
    inputs = [_blocks(each) for each in CellSpace([REFERENCE]).inputs]
    return distributions(inputs, (good, bad), (10, 10))


def test_windows_are_finer_and_name_new_categories() -> None:
    """Cells beyond the reference have one bound; categories are in the order of the reference."""
    pages, court = _found([_window(6, 3), _window(4, 3)], [_window(10, 0, USDC=4)])
    assert pages.from_windows
    assert len(pages.cells) == len(PAGES.edges) + 3
    assert pages.documents == (12, 11)
    assert (pages.cells[3].good, pages.cells[3].low, pages.cells[3].high) == (10, *PAGES.edges[2:4])
    assert (pages.cells[0].bad, pages.cells[0].low, pages.cells[0].name) == (10, None, "below 1")
    assert [(each.name, each.good, each.bad) for each in court.cells] == [
        ("NDCA", 10, 6),
        ("SDNY", 0, 0),
        ("USDC", 0, 4),
        ("missing", 0, 0),
        ("other unknown", 0, 0),
    ]
    assert [each.is_new for each in court.cells].index(True) == 2


@pytest.mark.parametrize(
    "bad",
    [
        [],
        [_window(3, 0)],
        [replace(_window(10, 0), reference="sha256:another")],
        [replace(_window(10, 0), features={"pages": {"counts": [1]}, "court": "what"})],
        [replace(_window(10, 0), features={"pages": {"counts": ["a"] * 99, "missing": 0}})],
    ],
    ids=["none", "few", "of another reference", "of other cells", "no numbers"],
)
def test_lines_are_told_where_windows_do_not_suffice(bad: list[WindowCounts]) -> None:
    """Their groups are bounded by the reference, and the outer ones are open."""
    pages, court = _found([_window(10, 3)], bad)
    assert not pages.from_windows
    assert not court.from_windows
    assert pages.documents == court.documents == (10, 10)
    first, second, *_ = pages.cells
    assert (first.good, first.bad, second.good, second.bad) == (10, 0, 0, 10)
    assert first.low == PAGES.edges[0]
    assert first.high == second.low
    assert first.is_open
    assert not second.is_open
    assert [each.name for each in pages.cells[-2:]] == ["missing", "infinite"]


def test_traffic_has_no_windows() -> None:
    """Segments and replicas are counted in lines alone."""
    watched = WatchedInput("segment", ("emea", "apac", "others", "none"), traffic=True)
    (segment,) = distributions([_blocks(watched)], ([], []), (10, 10))
    assert [(each.name, each.good, each.bad) for each in segment.cells[:2]] == [
        ("emea", 10, 0),
        ("apac", 0, 10),
    ]
