"""Figures after an epoch against scikit-learn, and the memory they take."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import f1_score, log_loss

from artifacts.sealing.calibrate import fit_temperature
from artifacts.sealing.class_bias import fit_class_bias
from artifacts.training.held_out_figures import held_out_figures
from guards.errors import CallError

GENERATOR = np.random.default_rng(4)
TRUTH = np.concatenate([np.arange(300), GENERATOR.integers(300, size=3700)])
LOGITS = GENERATOR.normal(size=(4000, 300)).astype(np.float32)
LOGITS[np.arange(4000), TRUTH] += 3.0


@pytest.mark.parametrize("weighted", [False, True])
def test_figures_are_of_what_would_be_sealed(*, weighted: bool) -> None:
    """Log loss and macro F1 are those of calibrated answers, in many parts as in one."""
    weights = GENERATOR.uniform(0.5, 2.0, size=300).astype(np.float32) if weighted else None

    figures = held_out_figures(LOGITS, TRUTH, weights)

    if weights is None:
        calibrated = LOGITS.astype(np.float64) / fit_temperature(LOGITS, TRUTH)
    else:
        temperature, bias = fit_class_bias(LOGITS, TRUTH, weights)
        calibrated = LOGITS.astype(np.float64) / temperature + bias
    f1 = f1_score(TRUTH, calibrated.argmax(axis=1), average="macro")
    assert figures["log_loss"] == pytest.approx(log_loss(TRUTH, softmax(calibrated, axis=1)))
    assert figures["f1"] == pytest.approx(f1)


def test_figures_take_no_copy_of_the_logits() -> None:
    """Large tables with many classes are measured after each epoch, beside the network."""
    logits = np.tile(LOGITS, (4, 1))
    tracemalloc.start()
    try:
        held_out_figures(logits, np.tile(TRUTH, 4), None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < logits.nbytes


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_that_are_not_finite(value: float) -> None:
    """One of them is enough, wherever it is."""
    logits = LOGITS.copy()
    logits[-1, -1] = value
    with pytest.raises(CallError, match="diverged"):
        held_out_figures(logits, TRUTH, None)
