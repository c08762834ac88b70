"""Biases that bring the probabilities of a weighted training back to the classes as they are."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import optimize, special

from artifacts.bundle.inference import softmax
from artifacts.sealing.calibrate import fit_temperature
from artifacts.sealing.class_bias import fit_class_bias


def drawn(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return true log probabilities float32 [rows, 3] of unequal classes, and labels from them."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(rows, 3)) * 1.5 + np.log([0.85, 0.12, 0.03])
    probabilities = softmax(logits.astype(np.float32))
    truth = np.array(
        [generator.choice(3, p=row / row.sum()) for row in probabilities.astype(float)]
    )
    return np.log(probabilities), truth


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_what_weights_and_sharpness_changed_is_undone(temperature: float) -> None:
    """Of probabilities that were sharpened and weighted, the true ones are found again."""
    logits, truth = drawn(20_000, 1)
    weights = np.array([0.4, 2.8, 11.0], dtype=np.float32)
    trained = ((logits + np.log(weights)) * temperature).astype(np.float32)

    found, bias = fit_class_bias(trained, truth, weights)

    assert found == pytest.approx(temperature, rel=0.05)
    calibrated = softmax((trained / found + bias).astype(np.float32))
    assert np.abs(calibrated - np.exp(logits)).max() < 0.03


def test_a_class_without_held_out_rows_keeps_what_theory_says() -> None:
    """Nothing but the weight is known of a class that no held-out row has."""
    logits, truth = drawn(40, 2)
    known = truth < 2
    weights = np.array([0.4, 2.8, 11.0], dtype=np.float32)

    _, bias = fit_class_bias(logits[known] + np.log(weights), truth[known], weights)

    assert bias[2] == pytest.approx(-np.log(11.0))


def test_equal_weights_leave_the_temperature_as_it_is_without_biases() -> None:
    """Where a training weighed nothing, little is left to correct."""
    logits, truth = drawn(20_000, 3)

    temperature, bias = fit_class_bias(logits, truth, np.ones(3, dtype=np.float32))

    assert temperature == pytest.approx(fit_temperature(logits, truth), rel=0.05)
    assert np.abs(bias - bias.mean()).max() < 0.1


@pytest.mark.parametrize("rows", [1, 3])
def test_few_rows_move_little(rows: int) -> None:
    """Biases from a handful of rows stay within a standard deviation of their prior."""
    logits, truth = drawn(rows, 4)
    weights = np.array([0.4, 2.8, 11.0], dtype=np.float32)

    temperature, bias = fit_class_bias(logits, truth, weights)

    assert 0.05 <= temperature <= 20.0
    assert np.abs(bias + np.log(weights)).max() < np.sqrt(10.0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rows", [5, 300])
def test_the_minimum_is_where_scipy_finds_it(rows: int, seed: int) -> None:
    """Log loss and both priors, written down plainly, are as low as a general method gets them.

    Five rows lack a class, and the prior of the temperature is most of what is known of it.
    """
    logits, truth = drawn(rows, seed)
    weights = np.array([0.4, 2.8, 11.0], dtype=np.float32)
    logits = (logits + np.log(weights)).astype(np.float32)

    def penalised(parameters: np.ndarray) -> float:
        log_temperature, bias = parameters[0], parameters[1:]
        exact = logits.astype(np.float64) / np.exp(log_temperature) + bias
        loss = -special.log_softmax(exact, axis=1)[np.arange(rows), truth].sum()
        prior = 0.05 * ((bias + np.log(weights)) ** 2).sum()
        return float(loss + log_temperature**2 / 2 + prior)

    temperature, bias = fit_class_bias(logits, truth, weights)

    held_out = np.isin(np.arange(3), truth)
    fixed = -np.log(weights.astype(float))
    oracle = optimize.minimize(
        penalised,
        np.array([0.0, *fixed]),
        method="L-BFGS-B",
        bounds=[
            (-3.0, 3.0),
            *((None, None) if free else (b, b) for free, b in zip(held_out, fixed, strict=True)),
        ],
    )
    assert penalised(np.array([np.log(temperature), *bias])) <= oracle.fun + 1e-4
    assert np.log(temperature) == pytest.approx(oracle.x[0], abs=0.01)


def test_many_classes_take_no_copy_of_the_logits() -> None:
    """What is allocated on the way is a few parts of the logits, and never as much as all."""
    generator = np.random.default_rng(5)
    truth = np.concatenate([np.arange(500), generator.integers(20, size=3500)])
    logits = generator.normal(size=(4000, 500)).astype(np.float32)
    logits[np.arange(4000), truth] += 3.0

    tracemalloc.start()
    try:
        temperature, bias = fit_class_bias(logits, truth, np.ones(500, dtype=np.float32))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 1.2 * logits.nbytes
    calibrated = logits / temperature + bias
    assert (
        np.abs(
            softmax(calibrated.astype(np.float32)).mean(axis=0) * 4000 - np.bincount(truth)
        ).max()
        < 1.0
    )
