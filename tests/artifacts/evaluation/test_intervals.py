"""Intervals of shares and gains, against scipy and against repetition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from artifacts.evaluation.intervals import gain_interval, share_interval


@pytest.mark.parametrize("trials", [1, 5, 20, 75, 500])
def test_share_is_the_exact_interval_of_scipy(trials: int) -> None:
    """None right, all right and everything between, computed at once."""
    hits = np.unique([0, 1, trials // 3, trials // 2, trials - 1, trials])

    low, high = share_interval(hits, np.full(len(hits), trials))

    for index, count in enumerate(hits):
        exact = stats.binomtest(int(count), trials).proportion_ci(method="exact")
        assert (low[index], high[index]) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_share_of_nothing_may_be_anything() -> None:
    """Without a trial the interval is 0 to 1."""
    low, high = share_interval([0, 3], [0, 3])

    assert (low[0], high[0]) == (0.0, 1.0)
    assert 0 < low[1] < high[1] == 1.0


@pytest.mark.parametrize(("won", "lost"), [(0.0, 0.0), (0.01, 0.01), (0.05, 0.02), (0.3, 0.1)])
@pytest.mark.parametrize("rows", [1, 5, 20, 75, 500])
def test_gain_is_covered(rows: int, won: float, lost: float) -> None:
    """At least 93 of 100 intervals hold the true gain, also where no row differs."""
    generator = np.random.default_rng(0)
    draws = generator.multinomial(rows, [won, lost, 1 - won - lost], size=400)

    intervals = [gain_interval(wins, losses, rows) for wins, losses, _ in draws.tolist()]

    assert np.mean([low <= won - lost <= high for low, high in intervals]) >= 0.93


@pytest.mark.parametrize(("won", "lost", "rows"), [(0, 0, 30), (7, 2, 40), (0, 5, 5), (3, 0, 3)])
def test_gain_of_the_other_is_its_mirror(won: int, lost: int, rows: int) -> None:
    """The interval holds the gain, is not a point, and changes sign with the order."""
    low, high = gain_interval(won, lost, rows)

    assert -1 <= low <= (won - lost) / rows <= high <= 1
    assert low < high
    assert gain_interval(lost, won, rows) == pytest.approx((-high, -low))
