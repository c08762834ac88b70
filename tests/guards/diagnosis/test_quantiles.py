"""Quantiles of cells, against those of the values that were counted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from guards.diagnosis.distributions import DistributionCell
from guards.diagnosis.quantiles import quantile
from guards.drift.binning import cell_indices, quantile_edges


def test_they_are_those_of_the_values() -> None:
    """To within a cell of 64."""
    values = np.random.default_rng(2).normal(10, 2, 20_000)
    edges = quantile_edges(values, 64)
    counts = np.bincount(cell_indices(values, edges), minlength=len(edges) + 1).tolist()
    bounds = [None, *edges.tolist(), None]
    cells = [
        DistributionCell("", count, 0, low, high)
        for count, low, high in zip(counts, bounds, bounds[1:], strict=False)
    ]
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        found = quantile(cells, counts, share)
        assert found is not None
        assert found.value == pytest.approx(np.quantile(values, share), abs=0.05)


def test_a_value_of_its_own_is_the_quantile() -> None:
    """Not the number after it."""
    cells = [
        DistributionCell("0", 5, 0, 0.0, math.nextafter(0.0, 1.0)),
        DistributionCell("0 to 1", 5, 0, math.nextafter(0.0, 1.0), 1.0),
    ]
    found = quantile(cells, [5, 5], 0.25)
    assert found is not None
    assert found == (0.0, "0")


def test_beyond_the_reference_only_the_cell_is_known() -> None:
    """Missing values are no numbers, and a period without numbers has no quantile."""
    cells = [
        DistributionCell("below 1", 0, 0, None, 1.0, is_open=True),
        DistributionCell("1 to 2", 0, 0, 1.0, 2.0),
        DistributionCell("2 or more", 0, 0, 2.0, None, is_open=True),
        DistributionCell("missing", 0, 0),
    ]
    found = quantile(cells, [1, 1, 8, 90], 0.5)
    assert found is not None
    assert found == (2.0, "2 or more")
    assert quantile(cells, [0, 0, 0, 9], 0.5) is None
