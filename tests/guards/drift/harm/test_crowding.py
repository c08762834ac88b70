"""Cells that are filled far above their share of the reference."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.harm.crowding import cell_shares, crowded_documents

FORM = CategoricalReference.of(["a"] * 900 + ["b"] * 95 + ["c"] * 5, ["a", "b", "c", "d"])


def crowded(*counts: int) -> float:
    """Return how many of these documents are in crowded cells, beyond their shares."""
    return float(crowded_documents([counts], [sum(counts)], cell_shares([FORM]))[0])


def test_shares_are_those_of_all_cells_in_a_row() -> None:
    """Cells that the reference hardly filled are left to those who count unseen documents."""
    shares = cell_shares([FORM, NumericReference.of(np.repeat(np.arange(32.0), 10))])
    assert shares[:3].tolist() == [0.9, 0.095, 0.005]
    assert np.isinf(shares[3:6]).all()
    assert shares[7] == 1 / 32
    assert cell_shares([]).size == 0


@pytest.mark.parametrize(
    ("counts", "documents"),
    [
        ((900, 95, 5, 0, 0, 0), 0),
        ((525, 470, 5, 0, 0, 0), 0),
        ((500, 500, 0, 0, 0, 0), 500 - 95),
        ((970, 0, 30, 0, 0, 0), 0),
        ((960, 0, 40, 0, 0, 0), 40 - 5),
        ((1, 4, 0, 0, 0, 0), 0),
        ((500, 0, 0, 500, 0, 0), 0),
    ],
)
def test_a_cell_is_crowded_beyond_five_times_its_share(
    counts: tuple[int, ...], documents: float
) -> None:
    """Then all beyond the share count; a few documents crowd no cell, and unseen ones are left."""
    assert crowded(*counts) == pytest.approx(documents)


def test_a_unit_change_within_the_range_crowds() -> None:
    """Amounts ten times as large are where some were before, and as many as that never."""
    rng = np.random.default_rng(0)
    amounts = 10 ** (0.75 * rng.normal(size=20_000))
    reference = NumericReference.of(amounts)
    edges = np.array(reference.edges)
    shares = cell_shares([reference])
    later = 10 ** (0.75 * rng.normal(size=5_000))
    found = [
        crowded_documents(
            [np.bincount(np.searchsorted(edges, unit * later, "right"), minlength=len(shares))],
            [5_000],
            shares,
        )[0]
        for unit in (1, 10)
    ]
    assert found[0] == 0
    assert found[1] > 1_000
