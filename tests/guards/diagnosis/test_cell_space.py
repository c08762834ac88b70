"""Cells of lines that were counted over one reference or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.cell_space import CellSpace, WatchedInput, reference_of
from guards.drift.described import DescribedFeature
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.line_cells import CellDetail, LineCells
from guards.events.drift_reference import DriftReference

if TYPE_CHECKING:
    from guards.drift.feature_reference import FeatureReference

GENERATOR = np.random.default_rng(3)
VALUES = GENERATOR.lognormal(size=2_000)
PAGES = NumericReference.of(VALUES)
OTHER_PAGES = NumericReference.of(VALUES + 1)
COURT = CategoricalReference.of(["NDCA"] * 60 + ["SDNY"] * 30 + ["EDTX"], ["NDCA", "SDNY", "EDTX"])
NAMES = ("pages", "court", "champion.label", "champion.confidence")
LABEL = CategoricalReference.of(["a"] * 50, ["a", "b"])
CONFIDENCE = NumericReference.of(GENERATOR.random(500))
ROWS = [
    (0.5, "NDCA", "a", 0.5),
    (float("nan"), "EDTX", "a", 0.6),
    (float("inf"), "elsewhere", "b", 0.7),
    (2.5, "", "a", 0.8),
]


def told(
    pages: NumericReference,
    detail: CellDetail,
    fingerprint: str = "sha256:ab",
    court: CategoricalReference = COURT,
) -> tuple[DriftReference, np.ndarray]:
    """Return what a log tells of a reference, and the cells of the rows over it."""
    values: tuple[FeatureReference, ...] = (pages, court, LABEL, CONFIDENCE)
    features = dict(zip(NAMES, values, strict=True))
    lines = LineCells(NAMES, features, detail)
    cells = np.array([list(lines.of(row) or ()) for row in ROWS], dtype=np.int16)
    return DriftReference(fingerprint, detail, lines.described), cells


def test_what_the_champion_answered_is_no_input() -> None:
    """But for its label, which tells the mix of classes."""
    reference, _ = told(PAGES, "grouped")
    assert tuple(each.name for each in CellSpace([reference]).inputs) == NAMES[:3]


def test_full_and_grouped_cells_become_the_same() -> None:
    """Services of one bundle may tell cells more and less finely."""
    (grouped, theirs), (full, ours) = told(PAGES, "grouped"), told(PAGES, "full")
    space = CellSpace([grouped, full])
    assert not any(each.coarse for each in space.inputs)
    assert space.of(grouped, theirs).tolist() == space.of(full, ours).tolist()
    assert space.of(grouped, theirs).tolist() == theirs[:, :3].tolist()
    court = space.inputs[1]
    names = [court.cells[cell] for cell in space.of(grouped, theirs)[:, 1].tolist()]
    assert names == ["NDCA", "EDTX", "unknown", "missing"]


def test_numbers_over_other_edges_have_missing_values_in_common() -> None:
    """Values cannot be compared, and are not."""
    (first, cells), (second, others) = (
        told(PAGES, "grouped"),
        told(OTHER_PAGES, "full", "sha256:cd"),
    )
    space = CellSpace([first, second])
    assert [each.coarse for each in space.inputs] == [True, False, False]
    expected = [0, 1, 2, 0]
    assert space.inputs[0].cells == ("value", "missing", "outside")
    assert space.inputs[0].numeric
    assert space.of(first, cells)[:, 0].tolist() == expected
    assert space.of(second, others)[:, 0].tolist() == expected


def test_categories_of_other_references_are_known_by_name() -> None:
    """Those that both tell apart; in the second, SDNY is rare, and there is one more."""
    names = ["SDNY", "NDCA", "CDIL", "D. Del."]
    other = CategoricalReference.of(["NDCA"] * 40 + ["CDIL"] * 30 + ["SDNY"] * 3, names)
    (first, cells), (second, others) = told(PAGES, "grouped"), told(PAGES, "full", court=other)
    space = CellSpace([first, second])
    court = space.inputs[1]
    assert court.cells == ("NDCA", "other categories", "missing", "unknown")
    found = [
        [court.cells[cell] for cell in space.of(reference, of_rows)[:, 1].tolist()]
        for reference, of_rows in ((first, cells), (second, others))
    ]
    assert found[0] == ["NDCA", "other categories", "unknown", "missing"]
    # EDTX is none that the second reference has.
    assert found[1] == ["NDCA", "unknown", "unknown", "missing"]


def test_lines_that_lack_cells_have_none() -> None:
    """As those of an engine without an embedding, or damaged ones."""
    reference, cells = told(PAGES, "grouped")
    space = CellSpace([reference])
    short = np.concatenate([cells[:, :1], np.full((len(ROWS), 1), -1, dtype=np.int16)], axis=1)
    assert space.of(reference, short)[:, 1:].tolist() == [[-1, -1]] * len(ROWS)
    beyond = np.full_like(cells, 30_000)
    assert space.of(reference, beyond).tolist() == [[-1, -1, -1]] * len(ROWS)
    assert CellSpace([]).inputs == []


def test_another_run_may_have_told_it() -> None:
    """As long as all that did agree, of the same fingerprint."""
    first, _ = told(PAGES, "grouped")
    second, _ = told(PAGES, "full")
    assert reference_of({"a": [first], "b": [second]}, "a", "sha256:ab") == first
    assert reference_of({"a": [first]}, "b", "sha256:ab") == first
    assert reference_of({"a": [first], "b": [second]}, "c", "sha256:ab") is None
    assert reference_of({"a": [first]}, "a", "sha256:cd") is None
    assert reference_of({"a": [first]}, "a", None) is None
    assert isinstance(first.features[0], DescribedFeature)


def test_who_answered_is_told_from_a_column_of_that_name() -> None:
    """Which may say of a document whatever it likes."""
    assert WatchedInput("replica", ("a", "b"), traffic=True).tells_replica
    assert not WatchedInput("replica", ("a", "b")).tells_replica
    assert not WatchedInput("segment", ("a", "b"), traffic=True).tells_replica
