"""The change over an input, split into another mix and a change within its cells."""

from __future__ import annotations

import numpy as np
import pytest

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.cell_space import WatchedInput
from guards.diagnosis.mix_and_within import MixAndWithin, mix_and_within
from guards.diagnosis.moved_inputs import InputBlocks

CELLS = ("NDCA", "SDNY", "missing", "unknown")
INPUT = WatchedInput("court", CELLS)


def blocks(seed: int, shares: list[float], means: list[float]) -> Blocks:
    """Return 48 hours of 100 documents with these shares and means of the cells."""
    generator = np.random.default_rng(seed)
    cells = generator.choice(len(shares), 4_800, p=shares)
    values = np.array(means)[cells] + 0.05 * generator.normal(size=len(cells))
    return Blocks.of(np.arange(4_800) // 100, values, cells, len(CELLS))


def split(good: Blocks, bad: Blocks) -> MixAndWithin:
    """Split the change of two periods."""
    return mix_and_within(InputBlocks(INPUT, good, bad), np.random.default_rng(1))


def test_both_parts_add_up_to_the_change() -> None:
    """Exactly, whatever moved; and each is the sum of Kitagawa's equation over the cells."""
    good = blocks(1, [0.5, 0.3, 0.1, 0.1], [0.9, 0.8, 0.6, 0.5])
    bad = blocks(2, [0.3, 0.4, 0.2, 0.1], [0.85, 0.8, 0.4, 0.55])
    found = split(good, bad)
    assert found.mix.change + found.within.change == pytest.approx(bad.mean - good.mean, abs=1e-12)
    (before, sums_before), (now, sums_now) = good.total, bad.total
    shares = before / before.sum(), now / now.sum()
    means = sums_before / before, sums_now / now
    mix = np.sum((shares[1] - shares[0]) * (means[0] + means[1])) / 2
    assert found.mix.change == pytest.approx(mix)
    for part in (found.mix, found.within):
        assert part.low < part.change < part.high
        assert part.high - part.low < 0.03


def test_other_shares_are_mix_alone_and_other_means_within_alone() -> None:
    """The interval of the other part holds nothing."""
    means = [0.9, 0.8, 0.6, 0.5]
    good = blocks(3, [0.5, 0.3, 0.1, 0.1], means)
    moved = split(good, blocks(4, [0.2, 0.3, 0.3, 0.2], means))
    assert moved.mix.high < 0
    assert moved.within.low < 0 < moved.within.high
    fell = split(good, blocks(5, [0.5, 0.3, 0.1, 0.1], [each - 0.1 for each in means]))
    assert fell.within.change == pytest.approx(-0.1, abs=0.01)
    assert fell.mix.low < 0 < fell.mix.high


def test_a_cell_that_came_or_went_is_mix() -> None:
    """There is nothing to compare within it: a renamed category moved no confidence inside."""
    good = blocks(6, [0.6, 0.4, 0.0, 0.0], [0.9, 0.8, 0.0, 0.0])
    bad = blocks(7, [0.0, 0.4, 0.0, 0.6], [0.0, 0.8, 0.0, 0.5])
    found = split(good, bad)
    assert found.mix.change == pytest.approx(-0.24, abs=0.02)
    assert found.within.change == pytest.approx(0, abs=0.005)
    assert found.mix.change + found.within.change == pytest.approx(bad.mean - good.mean, abs=1e-12)


def test_both_parts_have_an_interval_in_json() -> None:
    """As the terms of a change have."""
    good, bad = (blocks(seed, [0.6, 0.4, 0.0, 0.0], [0.9, 0.8, 0, 0]) for seed in (8, 9))
    found = split(good, bad)
    assert found.to_json()["mix"]["interval"] == [found.mix.low, found.mix.high]
