"""Binned isotonic calibration, against scikit-learn's fit on the rows themselves."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from guards.drift.isotonic import fit_isotonic

BINS = 40


def counts_of(seed: int, rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Return documents and right answers of some bins; about half of the bins stay empty."""
    rng = np.random.default_rng(seed)
    bins = rng.choice(np.sort(rng.choice(BINS, BINS // 2, replace=False)), rows)
    right = rng.random(rows) < bins / BINS
    return np.bincount(bins, minlength=BINS), np.bincount(bins[right], minlength=BINS)


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_that_of_the_rows(seed: int) -> None:
    """Counts give what scikit-learn fits to rows, also where bins are empty."""
    documents, correct = counts_of(seed)
    bins = np.repeat(np.arange(BINS), documents)
    starts = np.cumsum(documents) - documents
    right = np.arange(len(bins)) - starts[bins] < correct[bins]
    oracle = IsotonicRegression(out_of_bounds="clip").fit(bins, right)
    fit = fit_isotonic(documents, correct)
    np.testing.assert_allclose(fit.right, oracle.predict(np.arange(BINS)), atol=1e-12)


def test_blocks_hold_the_documents_that_share_a_value() -> None:
    """Bins of one fitted share count the documents of all of them; empty bins have none."""
    fit = fit_isotonic([10, 0, 10, 5, 0], [8, 0, 6, 5, 0])
    np.testing.assert_allclose(fit.right, [0.7, 0.7, 0.7, 1, 1])
    assert fit.documents.tolist() == [20, 0, 20, 5, 0]


def test_empty_bins_lie_on_the_line_between_their_neighbours() -> None:
    """An empty bin is interpolated by its position."""
    fit = fit_isotonic([0, 10, 0, 0, 10, 0], [0, 3, 0, 0, 9, 0])
    np.testing.assert_allclose(fit.right, [0.3, 0.3, 0.5, 0.7, 0.9, 0.9])


def test_the_mean_of_the_held_out_rows_is_kept() -> None:
    """The fitted share of all documents together is the share that was right."""
    documents, correct = counts_of(9)
    assert fit_isotonic(documents, correct).right @ documents == pytest.approx(correct.sum())


def test_without_documents_confidence_is_taken_at_its_word() -> None:
    """A label that was never predicted has the identity for a calibration, held by no document."""
    fit = fit_isotonic([0] * 4, [0] * 4)
    np.testing.assert_allclose(fit.right, [0.125, 0.375, 0.625, 0.875])
    assert not fit.documents.any()
