"""Documents by hour, and samples of whole hours."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.chance import MIN_BLOCKS, change_of

GENERATOR = np.random.default_rng(5)


def hours(generator: np.random.Generator, count: int, restless: float, mean: float = 0.8) -> Blocks:
    """Return hours of about thirty documents, each hour with a taste of its own."""
    sizes = generator.poisson(30, count) + 1
    block = np.repeat(np.arange(count), sizes)
    taste = np.repeat(restless * generator.normal(size=count), sizes)
    return Blocks.of(block, mean + taste + 0.1 * generator.normal(size=len(block)))


def test_sums_are_those_of_each_block_and_cell() -> None:
    """Blocks may have any numbers, and cells may be empty."""
    block = np.array([700, 5, 700, 5, 9])
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    blocks = Blocks.of(block, values, np.array([0, 2, 2, 2, 0]), 3)
    assert blocks.names.tolist() == [5, 9, 700]
    assert blocks.documents.tolist() == [[0, 0, 2], [1, 0, 0], [1, 0, 1]]
    assert blocks.sums.tolist() == [[0, 0, 6], [5, 0, 0], [1, 0, 3]]
    assert blocks.mean == 3.0


def test_the_interval_is_that_of_whole_hours() -> None:
    """As wide as scipy's bootstrap of hourly means; that of documents would be far narrower."""
    good, bad = hours(GENERATOR, 120, 0.05), hours(GENERATOR, 80, 0.05)
    change = change_of(good, bad, np.random.default_rng(3))
    means = [(side.sums / side.documents).ravel() for side in (good, bad)]
    theirs = stats.bootstrap(
        (means[1], means[0]),
        lambda now, before, axis: now.mean(axis=axis) - before.mean(axis=axis),
        method="percentile",
        rng=np.random.default_rng(4),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert change.low == pytest.approx(theirs.low, abs=0.1 * width)
    assert change.high == pytest.approx(theirs.high, abs=0.1 * width)
    documents = sum(side.documents.sum() for side in (good, bad))
    assert width > 4 * 2 * 1.96 * 0.1 / np.sqrt(documents / 4) / 2


def test_good_periods_differ_as_often_as_the_p_value_says() -> None:
    """Of eighty pairs of restless periods about a twentieth is below .05, also small ones."""
    generator = np.random.default_rng(8)
    p_values = [
        change_of(
            hours(generator, 48, 0.05), hours(generator, 24, 0.05), np.random.default_rng(seed)
        ).p_value
        or 0.0
        for seed in range(80)
    ]
    assert 1 <= sum(p <= 0.05 for p in p_values) <= 11
    assert 25 <= sum(p <= 0.5 for p in p_values) <= 55


def test_a_change_is_seen() -> None:
    """A fall of three standard errors of the hours' mean."""
    good, bad = hours(GENERATOR, 168, 0.03), hours(GENERATOR, 168, 0.03, mean=0.785)
    change = change_of(good, bad, np.random.default_rng(1))
    assert change.size < 0
    assert change.high < 0
    assert not change.could_be_chance(0.025)


def test_few_hours_cannot_tell() -> None:
    """There is an interval, and no p-value."""
    few = hours(GENERATOR, MIN_BLOCKS - 1, 0.03)
    change = change_of(few, few, np.random.default_rng(1))
    assert change.p_value is None
    assert not change.could_be_chance(0.025)
    assert change.low <= 0 <= change.high
