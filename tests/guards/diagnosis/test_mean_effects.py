"""Mean effects: their intervals, and whether they differ between two periods."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from guards.diagnosis.mean_effects import difference_p_value, mean_effect


def test_the_interval_holds_the_true_mean_as_often_as_it_says() -> None:
    """About 95 of 100 intervals of twenty documents hold it."""
    generator = np.random.default_rng(1)
    intervals = [mean_effect(generator.normal(2, 1, size=20), generator) for _ in range(300)]

    held = np.mean([each.low <= 2 <= each.high for each in intervals])
    assert 0.9 <= held <= 0.98


def test_the_interval_is_scipys_bootstrap_but_wider() -> None:
    """By the square root of n / (n - 1)."""
    values = np.random.default_rng(2).exponential(size=30)

    ours = mean_effect(values, np.random.default_rng(3))
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", random_state=4, n_resamples=5000
    ).confidence_interval

    assert ours.value == values.mean()
    wider = (ours.high - ours.low) / (theirs.high - theirs.low)
    assert wider == pytest.approx(np.sqrt(30 / 29), abs=0.08)


def test_a_difference_has_the_p_value_of_scipy() -> None:
    """Of a permutation test of Welch's statistic."""
    generator = np.random.default_rng(5)
    first, second = generator.normal(0, 1, size=40), generator.normal(0.5, 2, size=25)

    def welch(one: np.ndarray, other: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(np.abs(stats.ttest_ind(one, other, axis=axis, equal_var=False).statistic))

    theirs = stats.permutation_test(
        (first, second), welch, vectorized=True, n_resamples=5000, alternative="greater", rng=6
    ).pvalue

    assert difference_p_value(first, second, generator) == pytest.approx(theirs, rel=0.5)


def test_what_is_alike_is_seldom_significant() -> None:
    """At most about one p-value in twenty is below .05, also where one side varies more."""
    generator = np.random.default_rng(7)
    p_values = [
        difference_p_value(
            generator.normal(0, 1, size=60), generator.normal(0, 3, size=20), generator
        )
        for _ in range(200)
    ]

    assert np.mean(np.array(p_values) <= 0.05) <= 0.09


def test_a_large_difference_has_a_small_p_value() -> None:
    """As small as 20,000 permutations allow."""
    generator = np.random.default_rng(8)
    first, second = generator.normal(0, 1, size=40), generator.normal(3, 1, size=40)

    assert difference_p_value(first, second, generator) < 1e-4


def test_constant_effects_do_not_differ() -> None:
    """Nothing is divided by zero."""
    generator = np.random.default_rng(9)

    assert difference_p_value(np.zeros(8), np.zeros(6), generator) == 1.0
