"""The temperature that calibrates a classifier, against an oracle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, special

from artifacts.sealing.calibrate import fit_temperature


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_temperature_agrees_with_an_oracle(seed: int, temperature: float) -> None:
    """The temperature is where scipy's optimiser puts it, near the one that made the truth."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(3000, 4)).astype(np.float32) * 3
    chances = special.softmax(logits.astype(np.float64) / temperature, axis=1)
    truth = (chances.cumsum(axis=1) < generator.random((3000, 1))).sum(axis=1)

    def log_loss(candidate: float) -> float:
        logs = special.log_softmax(logits.astype(np.float64) / candidate, axis=1)
        return float(-logs[np.arange(3000), truth].mean())

    found = fit_temperature(logits, truth)

    oracle = optimize.minimize_scalar(log_loss, bounds=(0.05, 20.0), method="bounded")
    assert found == pytest.approx(oracle.x, rel=1e-3)
    assert found == pytest.approx(temperature, rel=0.15)
    grid = np.geomspace(0.1, 10, 200)
    assert log_loss(found) <= min(map(log_loss, grid)) + 1e-9


@pytest.mark.parametrize("right", [True, False])
def test_temperature_stays_within_bounds(*, right: bool) -> None:
    """Answers that are all right, or all wrong, do not send the temperature to an extreme."""
    logits = np.array([[2.0, -2.0]] * 20, dtype=np.float32)

    found = fit_temperature(logits, np.full(20, 0 if right else 1))

    assert 0.05 <= found <= 20.0
