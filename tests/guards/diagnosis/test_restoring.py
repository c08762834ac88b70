"""What mixing inputs as before restores."""

from __future__ import annotations

import numpy as np
import pytest

from guards.diagnosis.restoring import cell_shares, mixed_weights, restored, restored_share
from guards.diagnosis.samples import Sample
from guards.drift.attribution import mix_and_within


def sample(generator: np.random.Generator, shares: list[float], effect: list[float]) -> Sample:
    """Return documents whose value depends on one input; a second one is noise."""
    cells = np.stack(
        [generator.choice(len(shares), 20_000, p=shares), generator.integers(0, 3, 20_000)], axis=1
    )
    value = np.array(effect)[cells[:, 0]] + 0.01 * generator.normal(size=len(cells))
    return Sample(np.arange(20_000) // 100, value, cells.astype(np.int16))


def test_the_mix_of_one_input_is_kitagawas() -> None:
    """Where values within cells are as before, the mix holds all of the change."""
    generator = np.random.default_rng(1)
    effect = [0.9, 0.7, 0.4]
    good, bad = (
        sample(generator, [0.7, 0.2, 0.1], effect),
        sample(generator, [0.3, 0.3, 0.4], effect),
    )
    assert restored_share(good, bad, [0], []) == pytest.approx(1.0, abs=0.01)
    assert restored_share(good, bad, [1], []) == pytest.approx(0.0, abs=0.05)
    counts = [np.bincount(side.cells[:, 0], minlength=3) for side in (good, bad)]
    sums = [
        np.bincount(side.cells[:, 0], weights=np.rint(side.value * 1e6), minlength=3).astype(int)
        for side in (good, bad)
    ]
    split = mix_and_within((counts[0], sums[0]), (counts[1], sums[1]))
    assert split is not None
    assert split[0] / sum(split) == pytest.approx(1.0, abs=0.01)


def test_a_change_within_cells_is_restored_by_no_mix() -> None:
    """The bad period's values stay what they are."""
    generator = np.random.default_rng(2)
    good = sample(generator, [0.5, 0.3, 0.2], [0.9, 0.7, 0.4])
    bad = sample(generator, [0.5, 0.3, 0.2], [0.8, 0.6, 0.3])
    assert restored_share(good, bad, [0, 1], []) == pytest.approx(0.0, abs=0.03)


def test_a_cell_that_is_gone_keeps_its_own_values() -> None:
    """A renamed category: no bad document stands for the good ones that had it."""
    generator = np.random.default_rng(3)
    effect = [0.9, 0.7, 0.4]
    good, bad = (
        sample(generator, [0.6, 0.4, 0.0], effect),
        sample(generator, [0.0, 0.4, 0.6], effect),
    )
    assert restored_share(good, bad, [0], []) == pytest.approx(1.0, abs=0.01)


def test_weights_mix_bad_documents_as_good_ones() -> None:
    """Their shares are those of the good ones then; what no good one has weighs nothing."""
    generator = np.random.default_rng(4)
    good = sample(generator, [0.7, 0.3, 0.0], [0, 0, 0])
    bad = sample(generator, [0.2, 0.5, 0.3], [0, 0, 0])
    weights = mixed_weights(good, bad, [0, 1])
    for column in (0, 1):
        everything = np.ones(len(good))
        np.testing.assert_allclose(
            cell_shares(bad.cells[:, column], weights, 3),
            cell_shares(good.cells[:, column], everything, 3),
            atol=1e-6,
        )
    assert mixed_weights(good, bad, []).tolist() == [1] * len(bad)
    assert cell_shares(np.array([-1, -1], dtype=np.int16), np.ones(2), 3).tolist() == [0, 0, 0]


def test_nothing_in_common_restores_everything() -> None:
    """With inputs as before the period would have been the good one."""
    generator = np.random.default_rng(4)
    good, bad = sample(generator, [1.0, 0.0], [0.9, 0.4]), sample(generator, [0.0, 1.0], [0.9, 0.4])
    assert restored_share(good, bad, [0], []) == 1.0


def test_both_of_two_inputs_are_mixed_as_before() -> None:
    """Raking matches the shares of each, and what one restores besides the other is the rest."""
    generator = np.random.default_rng(5)
    sides = []
    for shares in ([0.8, 0.2], [0.3, 0.7]):
        cells = np.stack([generator.choice(2, 20_000, p=shares) for _ in range(2)], axis=1)
        value = 0.9 - 0.3 * cells[:, 0] - 0.2 * cells[:, 1]
        sides.append(Sample(np.arange(20_000) // 100, value, cells.astype(np.int16)))
    good, bad = sides
    both = restored_share(good, bad, [0, 1], [])
    assert both == pytest.approx(1.0, abs=0.01)
    assert restored_share(good, bad, [0], []) == pytest.approx(0.6, abs=0.02)
    besides = restored_share(good, bad, [1], [0])
    assert besides == pytest.approx(both - restored_share(good, bad, [0], []))
    interval = restored(good, bad, [1], [0], np.random.default_rng(6))
    assert interval.low < besides == interval.share < interval.high
    assert interval.high - interval.low < 0.1
