"""Where a value falls, and which cells are not told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from guards.drift.cells import cells_of, expected_unseen, grouped_cells, hardly_filled
from guards.drift.feature_reference import CategoricalReference, NumericReference

HELD_OUT = np.random.default_rng(1).lognormal(size=2_000)
PAGES = NumericReference.of(np.append(HELD_OUT, [np.nan] * 30))
ATOMS = NumericReference.of(np.random.default_rng(2).poisson(2, 2_000).astype(np.float64))
CONSTANT = NumericReference.of(np.full(50, 3.0))
EMPTY = NumericReference.of(np.full(50, np.nan))
COURTS = CategoricalReference.of(["NDCA"] * 500 + ["SDNY"] * 20 + ["EDTX"] * 19 + ["", "?"],
                                 ["NDCA", "SDNY", "EDTX", "WDTX"])  # fmt: skip
NUMBERS = [-1.0, 0.0, 0.5, 3.0, 1e9, math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("reference", [PAGES, ATOMS, CONSTANT, EMPTY])
def test_one_value_and_many_fall_in_the_same_cells(reference: NumericReference) -> None:
    """The cell of a number is that of numpy's histogram; missing and infinite ones are the last."""
    cells = cells_of(reference)
    found = [cells.index(number) for number in NUMBERS]
    assert found == cells.indices(np.array(NUMBERS)).tolist()
    finite = [number for number in NUMBERS if math.isfinite(number)]
    assert found[:5] == np.digitize(finite, reference.edges).tolist()
    assert found[5:] == [cells.size - 2, cells.size - 1, cells.size - 1]


def test_categories_fall_in_the_order_of_the_dictionary() -> None:
    """After the dictionary come missing values, then categories that it does not know."""
    cells = cells_of(COURTS)
    values = ["SDNY", "", "new", "NDCA"]
    assert (
        [cells.index(value) for value in values] == cells.indices(values).tolist() == [1, 4, 5, 0]
    )


@pytest.mark.parametrize("reference", [PAGES, ATOMS, CONSTANT, EMPTY])
def test_numeric_cells_are_joined_to_eight_of_equal_shares(reference: NumericReference) -> None:
    """Groups follow each other, and outer cells, which hold no row, have none of their own."""
    groups = grouped_cells(reference)
    bins, (missing, infinite) = groups[:-2], groups[-2:].tolist()
    assert set(np.diff(bins)) <= {0, 1}
    assert bins[0] == 0
    assert missing == bins[-1] + 1 <= 8
    assert infinite == missing + 1
    if reference in (PAGES, ATOMS):
        assert bins[0] == bins[1]
        assert bins[-1] == bins[-2]


def test_groups_of_a_continuous_number_hold_about_an_eighth() -> None:
    """No group tells more of a document than one of eight equal shares."""
    counts = np.bincount(grouped_cells(PAGES)[:-2], weights=PAGES.counts)
    assert len(counts) == 8
    assert np.abs(counts / counts.sum() - 1 / 8).max() < 0.02


def test_rare_categories_share_a_group() -> None:
    """Whoever has a category of fewer than twenty rows cannot be found by its index."""
    groups = grouped_cells(COURTS).tolist()
    assert groups[2] == groups[3]
    assert len({groups[0], groups[1], groups[2], groups[4], groups[5]}) == 5
    assert sorted(set(groups)) == list(range(5))


def test_hardly_filled_cells() -> None:
    """Beyond the range, and where the reference has next to nothing; not a cell of equal shares."""
    hardly = hardly_filled(PAGES)
    assert hardly[[0, len(PAGES.counts) - 1, len(hardly) - 1]].all()
    assert not hardly[1 : len(PAGES.counts) - 1].any()
    assert not hardly[len(hardly) - 2]
    assert hardly_filled(COURTS).tolist() == [False, False, False, True, False, False]
    small = CategoricalReference.of(["a"] * 48 + ["b", ""], ["a", "b", "c"])
    assert hardly_filled(small).tolist() == [False, False, True, False, True]


def test_later_documents_are_as_often_in_hardly_filled_cells_as_expected() -> None:
    """Categories that hardly occurred in the reference are more frequent than they were there."""
    generator = np.random.default_rng(5)
    shares = generator.dirichlet(np.full(3000, 0.2))
    categories = [str(number) for number in range(len(shares))]
    reference = CategoricalReference.of(
        generator.choice(categories, 5000, p=shares).tolist(), categories
    )
    of_reference = np.array(reference.cell_counts)[hardly_filled(reference)].sum() / 5000
    later = hardly_filled(reference)[:-2] @ shares
    assert later > 1.2 * of_reference
    assert expected_unseen([reference]) == pytest.approx(later, rel=0.1)
    assert expected_unseen([reference] * 99) == 1
    assert expected_unseen([CategoricalReference.of([], ["a"])]) == 0
