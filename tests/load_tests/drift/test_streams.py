"""Series without drift: the reference is a sample of the shares that the minutes have."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from load_tests.drift.streams import DAY, days_of, fixed_bins, quantile_bins, thirty

ROWS = 2000


def test_thirty_series_have_whole_references() -> None:
    """Each reference has all rows, and shares that sum to one."""
    series = thirty(ROWS, np.random.default_rng(1))

    assert len(series) == 30
    for each in series.values():
        assert each.reference.counts.sum() == ROWS
        assert each.shares.sum() == pytest.approx(1)
        assert len(each.shares) == len(each.reference.counts)


@pytest.mark.parametrize("make", [fixed_bins, quantile_bins])
def test_a_reference_is_a_sample_of_its_shares(make: type) -> None:
    """Over many references the standardised differences have a variance of one."""
    rng = np.random.default_rng(1)
    drawn = [make(ROWS, 0.02, rng) for _ in range(400)]

    scores = [
        (each.reference.counts[3] / ROWS - each.shares[3])
        / np.sqrt(each.shares[3] * (1 - each.shares[3]) / ROWS)
        for each in drawn
    ]

    assert stats.kstest(scores, "norm").pvalue > 1e-3


def test_a_day_has_a_minute_after_the_other() -> None:
    """Each minute has as many documents of each series."""
    series = thirty(ROWS, np.random.default_rng(1))

    minutes = list(days_of(series, 50, 1, np.random.default_rng(2)))

    assert len(minutes) == DAY
    assert {int(counts.sum()) for counts in minutes[7].values()} == {50}
