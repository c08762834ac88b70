"""Error probabilities from held-out counts, against scikit-learn, scipy and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.isotonic import IsotonicRegression

from guards.drift.calibration import CONFIDENCE_BINS, Calibration
from guards.drift.harm.error_proxy import ErrorProxy

LABELS = ("invoice", "letter")


def rows_of(rng: np.random.Generator, rows: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return confidences and right answers of each label; confidence is too high by .1."""
    drawn = {}
    for label in LABELS:
        confidence = rng.uniform(0.5, 1, rows)
        drawn[label] = (confidence, rng.random(rows) < confidence - 0.1)
    return drawn


def proxy_of(rows: dict[str, tuple[np.ndarray, np.ndarray]]) -> ErrorProxy:
    """Return the proxy of these held-out rows."""
    return ErrorProxy.of(
        {label: Calibration.of(*map(np.ndarray.tolist, columns)) for label, columns in rows.items()}
    )


def test_errors_are_what_isotonic_regression_leaves() -> None:
    """An answer is wrong with one minus the calibrated share of right ones of its label."""
    rows = rows_of(np.random.default_rng(0), 500)
    proxy = proxy_of(rows)
    for label, (confidence, right) in rows.items():
        bins = (confidence * CONFIDENCE_BINS).astype(int)
        oracle = 1 - IsotonicRegression().fit_transform(bins, right)
        np.testing.assert_allclose(proxy.errors_of(label, confidence)[0], oracle, atol=1e-12)


def test_held_out_rows_have_their_own_error_rate() -> None:
    """Errors of the held-out rows add up to those that were wrong; the bound is scipy's exact one.

    The difference of the held-out mix to itself is certain.
    """
    rows = rows_of(np.random.default_rng(1), 400)
    proxy = proxy_of(rows)
    wrong = sum(int((~right).sum()) for _, right in rows.values())
    assert proxy.reference_error == pytest.approx(wrong / 800)
    oracle = binomtest(wrong, 800).proportion_ci(0.99, "exact")
    assert proxy.reference_low == pytest.approx(oracle.low)
    held_out = [np.histogram(rows[label][0], CONFIDENCE_BINS, (0, 1))[0] for label in LABELS]
    histogram = np.array(held_out, dtype=np.float64)
    assert (histogram * proxy.errors).sum() == pytest.approx(wrong)
    assert proxy.margins(histogram.reshape(1, -1))[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("lowest", [0.5, 0.7, 0.9])
def test_margins_are_as_wide_as_references_differ(lowest: float) -> None:
    """Over many references, the mean error of another mix varies as the margin says, or less."""
    rng = np.random.default_rng(2)
    live = np.zeros((2, CONFIDENCE_BINS))
    live[0, int(lowest * CONFIDENCE_BINS) : int((lowest + 0.1) * CONFIDENCE_BINS)] = 50
    differences, margins = [], []
    for _ in range(200):
        proxy = proxy_of(rows_of(rng, 1000))
        differences.append((live * proxy.errors).sum() / live.sum() - proxy.reference_error)
        margins.append(proxy.margins(live.reshape(1, -1))[0])
    assert np.mean(margins) / 2.576 == pytest.approx(np.std(differences), rel=0.35)
    truth = 0.7 - lowest
    assert np.mean(np.abs(np.array(differences) - truth) > margins) <= 0.03


def test_an_empty_bin_is_as_uncertain_as_the_nearest_filled_one() -> None:
    """Where no held-out row was, the nearest ones decide, and few rows are less certain."""
    documents = [0] * CONFIDENCE_BINS
    documents[120], documents[190] = 4, 400
    correct = [0] * CONFIDENCE_BINS
    correct[120], correct[190] = 2, 396
    proxy = ErrorProxy.of({"memo": Calibration(tuple(documents), tuple(correct))})
    errors, uncertainties = proxy.errors_of("memo", np.array([0.5, 0.603, 0.7, 0.953, 1.0]))
    np.testing.assert_allclose(errors, [0.5, 0.5, 0.5 - 0.49 * 20 / 70, 0.01, 0.01])
    assert uncertainties[0] == uncertainties[1] == uncertainties[2] > 0.5
    assert uncertainties[3] == uncertainties[4] < 0.02


def test_a_label_without_rows_is_uncertain() -> None:
    """The confidence of a label that was never predicted in training may be any amount off."""
    none = (0,) * CONFIDENCE_BINS
    proxy = ErrorProxy.of({"memo": Calibration(none, none)})
    errors, uncertainties = proxy.errors_of("memo", [0.9])
    assert errors[0] == pytest.approx(0.1, abs=0.003)
    assert uncertainties[0] > 1
    with pytest.raises(ValueError, match="letter"):
        proxy.errors_of("letter", [0.9])
