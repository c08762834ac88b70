"""Exact sums over pairs of answers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from guards.evidence.pair_sums import (
    NEAR_BOUNDARY,
    UNIT,
    Cell,
    PairSums,
    exact_squares,
    fixed,
    sums_by_cell,
)
from tests.guards.evidence import traffic
from tests.guards.evidence.traffic import Doc

COUNTS = st.integers(-(2**70), 2**70)
SUMS = st.builds(PairSums, *[COUNTS] * len(fields(PairSums)))
HALVES = st.integers(-(2**31), 2**31).map(lambda number: number / 2**31)


def units(number: float) -> int:
    """Round to units with exact arithmetic."""
    return round(Fraction(number) * UNIT)


def summed(doc: Doc) -> PairSums:
    """Return what one document adds, with Python's numbers."""
    (ours, theirs), (margin, other_margin) = doc.confidence, doc.margin
    shift = units(theirs - ours)
    return PairSums(
        compared=1,
        agreed=int(doc.champion == doc.challenger),
        champion_confidence=units(ours),
        challenger_confidence=units(theirs),
        shift=shift,
        shift_squares=shift**2,
        margin_shift=units(other_margin - margin),
        entropy_shift=units(doc.entropy[1] - doc.entropy[0]),
        divergence=units(doc.divergence),
        approached=int(other_margin < NEAR_BOUNDARY <= margin),
        receded=int(margin < NEAR_BOUNDARY <= other_margin),
    )


@given(st.lists(HALVES | st.floats(-3, 3)))
def test_numbers_are_rounded_half_to_even(values: list[float]) -> None:
    """As exact arithmetic rounds them, also half-way between two units."""
    assert fixed(np.array(values)).tolist() == [units(value) for value in values]


@given(st.lists(st.integers(-(2**31), 2**31), max_size=20))
def test_squares_do_not_overflow(values: list[int]) -> None:
    """The sum is that of Python's integers."""
    assert exact_squares(np.array(values, dtype=np.int64)) == sum(value**2 for value in values)


@given(st.lists(SUMS, max_size=4))
def test_sums_are_added_field_by_field(parts: list[PairSums]) -> None:
    """However large they are, and in any order."""
    total = sum(parts, PairSums())
    assert total == sum(reversed(parts), PairSums())
    for field in fields(PairSums):
        assert getattr(total, field.name) == sum(getattr(part, field.name) for part in parts)
    assert total.agreed + total.disagreed == total.compared


@given(traffic.docs(segments=3))
def test_each_cell_has_the_sums_of_its_documents(docs: list[Doc]) -> None:
    """They are those of exact arithmetic, by segment, or none, and the champion's label."""
    compared = [doc for doc in docs if doc.comparable]
    expected: defaultdict[Cell, PairSums] = defaultdict(PairSums)
    for doc in compared:
        expected[Cell(doc.segment, doc.champion)] += summed(doc)
    assert sums_by_cell(traffic.columns(compared)) == expected


def test_an_answer_on_the_boundary_of_near_is_not_near() -> None:
    """Only the challenger of the first document, and the champion of the second, are near."""
    low = np.nextafter(NEAR_BOUNDARY, 0)
    docs = [Doc("1", margin=(NEAR_BOUNDARY, low)), Doc("2", margin=(low, NEAR_BOUNDARY))]
    sums = sums_by_cell(traffic.columns([*docs, Doc("3", margin=(low, low))]))
    assert (sums[Cell(None, "a")].approached, sums[Cell(None, "a")].receded) == (1, 1)
