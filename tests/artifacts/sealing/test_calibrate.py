"""The temperature that calibrates a classifier, against an oracle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, special, stats

from artifacts.sealing.calibrate import fit_temperature


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_temperature_agrees_with_an_oracle(seed: int, temperature: float) -> None:
    """The temperature is where scipy puts it, and many rows outweigh the prior."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(3000, 4)).astype(np.float32) * 3
    chances = special.softmax(logits.astype(np.float64) / temperature, axis=1)
    truth = (chances.cumsum(axis=1) < generator.random((3000, 1))).sum(axis=1)

    def log_loss(candidate: float) -> float:
        logs = special.log_softmax(logits.astype(np.float64) / candidate, axis=1)
        return float(-logs[np.arange(3000), truth].sum())

    def penalised(candidate: float) -> float:
        return log_loss(candidate) - float(stats.norm.logpdf(np.log(candidate)))

    found = fit_temperature(logits, truth)

    oracle = optimize.minimize_scalar(penalised, bounds=(0.05, 20.0), method="bounded")
    without = optimize.minimize_scalar(log_loss, bounds=(0.05, 20.0), method="bounded")
    assert found == pytest.approx(oracle.x, rel=1e-3)
    assert found == pytest.approx(without.x, rel=1e-2)
    assert found == pytest.approx(temperature, rel=0.15)
    grid = np.geomspace(0.1, 10, 200)
    assert penalised(found) <= min(map(penalised, grid)) + 1e-6


@pytest.mark.parametrize("rows", [1, 5, 20, 75])
@pytest.mark.parametrize("right", [True, False])
def test_few_rows_move_the_temperature_little(rows: int, *, right: bool) -> None:
    """Answers that are all right, or all wrong, do not send the temperature to an extreme."""
    logits = np.array([[2.0, -2.0]] * rows, dtype=np.float32)

    found = fit_temperature(logits, np.full(rows, 0 if right else 1))

    assert 0.3 < found < 1.0 if right else 1.0 < found < 20.0


def test_rows_are_summed_over_all_chunks() -> None:
    """Of rows that are split for memory, the temperature is that of all of them."""
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(9000, 2)).astype(np.float32) * 3
    truth = logits.argmax(axis=1)
    truth[5000:] = generator.integers(2, size=4000)

    swapped = np.concatenate([np.arange(5000, 9000), np.arange(5000)])

    assert fit_temperature(logits, truth) == pytest.approx(
        fit_temperature(logits[swapped], truth[swapped]), rel=1e-4
    )
    assert fit_temperature(logits, truth) > 2 * fit_temperature(logits[:5000], truth[:5000])
