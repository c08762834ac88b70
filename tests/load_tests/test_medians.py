"""The interval of a median against simulated samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from load_tests.medians import median_interval


@pytest.mark.parametrize("n", [2, 5, 6, 9, 10, 25])
def test_the_level_is_how_often_it_covers_the_median(n: int) -> None:
    """Of samples of a skewed distribution, as many intervals hold its median as is said."""
    samples = np.random.default_rng(n).lognormal(size=(4000, n))  # of median 1
    intervals = [median_interval(sample.tolist()) for sample in samples]

    covered = np.mean([interval.low <= 1.0 <= interval.high for interval in intervals])

    assert covered == pytest.approx(intervals[0].level, abs=0.025)
    assert [interval.median for interval in intervals] == np.median(samples, axis=1).tolist()


@pytest.mark.parametrize("n", [6, 8, 9, 10, 30, 59])
def test_it_is_the_narrowest_between_order_statistics_at_95(n: int) -> None:
    """As many values are left out on either side as the binomial distribution allows."""
    interval = median_interval([float(value) for value in range(n)])

    left_out = int(interval.low)
    assert interval.high == n - 1 - left_out
    assert interval.level == pytest.approx(1 - 2 * binom.cdf(left_out, n, 0.5))
    assert interval.level >= 0.95
    assert 1 - 2 * binom.cdf(left_out + 1, n, 0.5) < 0.95


def test_few_values_give_their_range_and_say_what_it_is_worth() -> None:
    """Five values cannot reach 95 in 100; order does not matter."""
    interval = median_interval([3.0, 1.0, 2.0, 5.0, 4.0])

    assert (interval.low, interval.median, interval.high) == (1.0, 3.0, 5.0)
    assert interval.level == pytest.approx(1 - 2 / 2**5)
