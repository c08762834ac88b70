"""Residuals of held-out rows from a calibration without them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from guards.drift.calibration import CONFIDENCE_BINS, Calibration
from guards.drift.harm.cross_fitting import (
    UNIT,
    HeldOutResidual,
    cross_fitted_residuals,
    residual_weights,
)
from guards.drift.harm.error_proxy import ErrorProxy


def rows_of(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return confidences, and answers that are right less often than they say."""
    confidence = rng.uniform(0.4, 1, rows)
    return confidence, rng.random(rows) < confidence**2


def test_no_row_calibrates_itself() -> None:
    """Each residual is from scikit-learn's fit to the rows of the other folds."""
    confidence, right = rows_of(np.random.default_rng(0), 300)
    folds = np.random.default_rng(5).permutation(300) % 10
    bins = (confidence * CONFIDENCE_BINS).astype(int)
    total = 0.0
    for fold in range(10):
        rest, rows = folds != fold, folds == fold
        oracle = IsotonicRegression(out_of_bounds="clip").fit(bins[rest], right[rest])
        errors = 1 - oracle.predict(bins[rows])
        counts = Calibration.of(confidence[rest].tolist(), right[rest].tolist())
        uncertainties = ErrorProxy.of({"": counts}).errors_of("", confidence[rows])[1]
        total += residual_weights(errors, uncertainties) @ (errors - ~right[rows])
    held_out = cross_fitted_residuals(["memo"], ["memo"] * 300, confidence, right, seed=5)["memo"]
    assert held_out.documents == 300
    assert held_out.total == pytest.approx(total * UNIT, abs=300)


def test_the_spread_is_that_of_new_rows() -> None:
    """The mean residual of new rows is within its standard errors, about as often as it should."""
    rng = np.random.default_rng(1)
    beyond = []
    for _ in range(60):
        confidence, right = rows_of(rng, 400)
        counts = Calibration.of(confidence.tolist(), right.tolist())
        proxy = ErrorProxy.of({"memo": counts})
        held_out = cross_fitted_residuals(["memo"], ["memo"] * 400, confidence, right)["memo"]
        new_confidence, new_right = rows_of(rng, 20_000)
        errors, uncertainties = proxy.errors_of("memo", new_confidence)
        weights = residual_weights(errors, uncertainties)
        new_mean = weights @ (errors - ~new_right) / weights.sum()
        beyond.append((new_mean - held_out.mean) / held_out.standard_error)
    assert np.mean(np.abs(beyond) < 2.6) >= 0.95
    assert 0.5 < np.std(beyond) < 1.5


def test_each_label_has_its_own_residual() -> None:
    """Labels are calibrated apart, and one that was never predicted has no documents."""
    confidence, right = rows_of(np.random.default_rng(2), 200)
    predicted = ["memo"] * 120 + ["letter"] * 80
    residuals = cross_fitted_residuals(["letter", "memo", "note"], predicted, confidence, right)
    assert [residual.documents for residual in residuals.values()] == [80, 120, 0]
    assert residuals["note"].mean == 0
    assert residuals["note"].standard_error > 0.3


def test_few_rows_are_never_certain() -> None:
    """Three right answers do not prove that all are right."""
    residual = cross_fitted_residuals(["memo"], ["memo"] * 3, [0.9] * 3, [True] * 3)["memo"]
    assert residual.standard_error > 0.1


def test_sums_are_read_back() -> None:
    """What is sealed as JSON is what is read."""
    confidence, right = rows_of(np.random.default_rng(3), 50)
    residual = cross_fitted_residuals(["memo"], ["memo"] * 50, confidence, right)["memo"]
    assert HeldOutResidual.from_json(json.loads(json.dumps(residual.to_json()))) == residual


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"documents": "3"}, "documents must be a whole number"),
        ({"total": 4 * UNIT}, "total must be a sum"),
        ({"weight": -1}, "weight and squares must be sums"),
        ({"squares": 4 * UNIT}, "weight and squares must be sums"),
    ],
)
def test_sums_that_cannot_be_are_refused(fault: dict[str, object], message: str) -> None:
    """Sums of a damaged reference are refused with the field that is wrong."""
    sums = {"documents": 3, "weight": UNIT, "total": 0, "squares": UNIT}
    with pytest.raises(ValueError, match=message):
        HeldOutResidual.from_json(sums | fault)
