"""Slopes beside those of numpy, and what outliers do to them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from load_tests.soak.trends import trend


def test_the_slope_is_the_median_of_all_pairs() -> None:
    """It is in units an hour, of moments in seconds."""
    rng = np.random.default_rng(3)
    elapsed_s = np.sort(rng.uniform(0, 3600, 40))
    values = 5 * elapsed_s / 3600 + rng.normal(size=40)
    pairs = combinations(range(40), 2)
    slopes = [(values[j] - values[i]) / (elapsed_s[j] - elapsed_s[i]) for i, j in pairs]

    found = trend(elapsed_s.tolist(), values.tolist())

    assert found.per_hour == pytest.approx(np.median(slopes) * 3600)
    assert found.low < 5 < found.high


def test_the_interval_covers_the_slope() -> None:
    """It does so nineteen times in twenty, if deviations are independent."""
    rng = np.random.default_rng(4)
    hours = np.arange(60) / 60
    found = [trend((hours * 3600).tolist(), rng.normal(size=60).tolist()) for _ in range(400)]

    covered = np.mean([each.low <= 0 <= each.high for each in found])

    assert covered == pytest.approx(0.95, abs=0.03)


def test_outliers_do_not_move_it() -> None:
    """A tenth of values that are far away leave the slope of the others."""
    elapsed_s = [10.0 * number for number in range(100)]
    values = [1000.0 if number % 10 == 5 else number * 10 / 3600 for number in range(100)]

    assert trend(elapsed_s, values).per_hour == pytest.approx(1.0, abs=0.01)


def test_a_figure_that_never_changes_has_no_slope() -> None:
    """Neither has its interval."""
    found = trend([0.0, 10.0, 20.0, 30.0], [48.0] * 4)

    assert (found.per_hour, found.low, found.high) == (0, 0, 0)
