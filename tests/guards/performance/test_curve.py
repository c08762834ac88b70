"""How uncertain sums of expected right answers are."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.calibration import CONFIDENCE_BINS, Calibration
from guards.performance.curve import Curve

MIDDLES = (np.arange(CONFIDENCE_BINS) + 0.5) / CONFIDENCE_BINS
EACH = np.ones(CONFIDENCE_BINS)
RIGHT = MIDDLES**1.5
"""The true share of right answers."""


def held_out(documents: int, rng: np.random.Generator) -> Calibration:
    """Draw the counts of documents of any confidence."""
    bins = rng.integers(0, CONFIDENCE_BINS, size=documents)
    return Calibration.of(MIDDLES[bins].tolist(), (rng.random(documents) < RIGHT[bins]).tolist())


def test_the_variance_is_that_of_many_held_out_samples() -> None:
    """Estimates from other samples, less the labels of the window, vary nearly as much as said."""
    rng = np.random.default_rng(0)
    documents = rng.multinomial(2_000, EACH / CONFIDENCE_BINS)
    curves = [Curve.of(held_out(2_000, rng)) for _ in range(300)]
    errors = [documents @ curve.right - rng.binomial(documents, RIGHT).sum() for curve in curves]
    said = np.mean([curve.variance(documents, EACH) for curve in curves])
    assert 1 <= said / np.mean(np.square(errors)) < 1.5


def test_a_fifth_of_what_moved_documents_change_is_uncertain() -> None:
    """However many documents were held out, others may be harder at the same confidence."""
    rng = np.random.default_rng(0)
    curve = Curve.of(held_out(1_000_000, rng))
    moved = np.zeros(CONFIDENCE_BINS, dtype=np.int64)
    moved[:100] = 10_000
    change = moved.sum() * (RIGHT[:100].mean() - RIGHT.mean())
    assert np.sqrt(curve.variance(moved, EACH)) == pytest.approx(0.2 * abs(change), rel=0.02)


def test_a_shift_to_few_held_out_documents_is_less_certain() -> None:
    """The same number of documents vary more where the calibration rests on few."""
    rng = np.random.default_rng(0)
    bins = np.append(rng.integers(180, 200, size=3_000), rng.integers(100, 120, size=30))
    right = (rng.random(len(bins)) < 0.8).tolist()
    curve = Curve.of(Calibration.of(MIDDLES[bins].tolist(), right))
    known, unknown = np.zeros((2, CONFIDENCE_BINS), dtype=np.int64)
    known[180:200], unknown[100:120] = 50, 50
    assert curve.variance(unknown, EACH) > 10 * curve.variance(known, EACH)


def test_no_error_among_few_is_not_certain() -> None:
    """Where all held-out documents were right, a live one may still be wrong."""
    documents = np.bincount([199] * 100, minlength=CONFIDENCE_BINS)
    variances = [
        Curve.of(Calibration.of([1.0] * rows, [True] * rows)).variance(documents, EACH)
        for rows in (3, 3_000)
    ]
    assert variances[0] > 100 * variances[1] > 0
