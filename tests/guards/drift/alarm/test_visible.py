"""The smallest visible shift, in units that people know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from guards.drift.alarm.arcsine import angle
from guards.drift.alarm.series import SeriesReference
from guards.drift.alarm.visible import visible_shift

if TYPE_CHECKING:
    from guards.drift.alarm.series import Kind


def reference(rows: int, kind: Kind = "ordered") -> SeriesReference:
    """Return a reference of so many rows."""
    cells = np.array([rows // 2, rows - rows // 2])
    return SeriesReference(kind, cells, 0, 0)


@pytest.mark.parametrize("rows", [300, 2000, 20_000])
def test_points_and_deviations_are_shifts_of_that_effect(rows: int) -> None:
    """A half that moves by the points moves by the effect, and so does a normal's best cut."""
    visible = visible_shift(reference(rows))
    assert visible.deviations is not None

    moved = 0.5 + visible.points / 100
    assert angle(moved) - angle(0.5) == pytest.approx(visible.effect)
    cuts = np.linspace(-3, 3, 6001)
    below = stats.norm.cdf(cuts), stats.norm.cdf(cuts - visible.deviations)
    assert (angle(below[0]) - angle(below[1])).max() == pytest.approx(visible.effect, abs=1e-6)


def test_categories_have_no_deviations() -> None:
    """What has no order has no standard deviation."""
    assert visible_shift(reference(2000, "categorical")).deviations is None


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_hardly_any_rows_show_nothing(rows: int) -> None:
    """A shift by all that there is, and no number of deviations."""
    visible = visible_shift(reference(rows))

    assert visible.points == 50
    assert visible.deviations == np.inf
