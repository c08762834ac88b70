"""Changes that a rule should find: the shares are what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from load_tests.drift.changes import CHANGES, category, numeric


def test_shares_sum_to_one_before_and_after() -> None:
    """Every change is between two distributions over the same cells."""
    for change in CHANGES:
        assert change.before.sum() == pytest.approx(1)
        assert change.after.sum() == pytest.approx(1)
        assert change.before.shape == change.after.shape
        assert (change.after >= 0).all()


def test_a_category_grows_by_its_points() -> None:
    """Of a fifth of the documents, to a quarter."""
    change = category(0.2, 0.05)

    assert (change.before[0], change.after[0]) == pytest.approx((0.2, 0.25))


@pytest.mark.parametrize("deviations", [0.1, 0.5])
def test_a_normal_distribution_moves_by_its_deviations(deviations: float) -> None:
    """The mean over the cells' middles moves by nearly as much."""
    change = numeric(deviations)
    assert change.positions is not None

    moved = change.positions @ (change.after - change.before)[:-2]

    assert moved == pytest.approx(deviations, rel=0.1)


def test_confidence_falls() -> None:
    """The last change moves mass to lower cells."""
    change = CHANGES[-1]

    assert (np.cumsum(change.after) >= np.cumsum(change.before) - 1e-9).all()
