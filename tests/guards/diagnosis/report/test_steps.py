"""Cells that are joined until they can be drawn."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from guards.diagnosis.distributions import DistributionCell
from guards.diagnosis.report.steps import Axis, axis_of, steps_of


def _cells(*edges: float) -> list[DistributionCell]:
    """Return bounded cells between these edges, the first with one good document, and so on."""
    pairs = pairwise(edges)
    return [DistributionCell("", n, 2 * n, *ends) for n, ends in enumerate(pairs, start=1)]


def test_a_value_of_its_own_is_joined_to_what_follows() -> None:
    """The cell of an integer, and the gap up to the next one, are one step."""
    after = [math.nextafter(each, math.inf) for each in (1.0, 2.0, 3.0)]
    cells = _cells(1.0, after[0], 2.0, after[1], 3.0, after[2], 4.0)
    steps = steps_of(cells, Axis(1.0, 4.0))
    assert [(step.low, step.high, step.good) for step in steps] == [
        (1.0, 2.0, 3),
        (2.0, 3.0, 7),
        (3.0, 4.0, 11),
    ]


@pytest.mark.parametrize("logarithmic", [False, True])
def test_no_step_is_narrow_and_no_document_is_lost(*, logarithmic: bool) -> None:
    """Whatever the cells are."""
    generator = np.random.default_rng(5)
    edges = np.unique(generator.lognormal(0, 2, 60))
    cells = _cells(*edges.tolist())
    axis = Axis(float(edges[0]), float(edges[-1]), logarithmic)
    steps = steps_of(cells, axis)
    assert 1 <= len(steps) <= 20
    assert sum(step.good for step in steps) == sum(cell.good for cell in cells)
    assert sum(step.bad for step in steps) == sum(cell.bad for cell in cells)
    assert all(left.high == right.low for left, right in pairwise(steps))
    assert all(axis.place(step.high) - axis.place(step.low) > 0.049 for step in steps)


def test_twenty_equal_cells_stay_as_they_are() -> None:
    """Rounding does not join two of them."""
    edges = [number / 20 for number in range(21)]
    assert len(steps_of(_cells(*edges), Axis(0.0, 1.0))) == 20


def test_what_is_no_outline_has_no_axis() -> None:
    """Few cells, or cells of no width, are told as bars."""
    assert axis_of([DistributionCell("missing", 1, 2)]) is None
    assert axis_of(_cells(1.0, 2.0, 3.0)) is None
    assert axis_of(_cells(1.0, math.nextafter(1.0, 2.0))) is None


def test_a_wide_range_of_positive_numbers_is_logarithmic() -> None:
    """Its middle is the geometric mean."""
    axis = axis_of(_cells(1.0, 10.0, 100.0, 1000.0, 10000.0))
    assert axis is not None
    assert axis.logarithmic
    assert axis.middle == pytest.approx(100.0)
    assert axis.place(10.0) == pytest.approx(0.25)
    assert axis.place(1e9) == 1.0
    plain = axis_of(_cells(0.0, 10.0, 100.0, 1000.0, 10000.0))
    assert plain is None or not plain.logarithmic
