"""Concept drift from labels: what is found, and what stays silent."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from guards.drift.calibration import Calibration
from guards.drift.harm.cross_fitting import (
    HeldOutResidual,
    cross_fitted_residuals,
    residual_weights,
)
from guards.drift.harm.error_proxy import ErrorProxy
from guards.drift.harm.residual import LabelResidual, ResidualMonitor


def rows_of(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return confidences, and answers that are right less often than they say."""
    confidence = 1 - rng.beta(0.3, 8, rows)
    return confidence, rng.random(rows) < 1 - 1.3 * (1 - confidence)


@lru_cache
def held_out_rows() -> tuple[ErrorProxy, dict[str, HeldOutResidual]]:
    """Return what 20,000 held-out rows of one label leave."""
    confidence, right = rows_of(np.random.default_rng(0), 20_000)
    residuals = cross_fitted_residuals(["memo"], ["memo"] * 20_000, confidence, right)
    return ErrorProxy.of({"memo": Calibration.of(confidence.tolist(), right.tolist())}), residuals


def watched(
    confidence: np.ndarray, right: np.ndarray, probability: np.ndarray | None = None
) -> list[LabelResidual]:
    """Return what is said after each 25 of these labels, that come one by one."""
    chance = np.ones(len(right)) if probability is None else probability
    monitor = ResidualMonitor(*held_out_rows(), min_inclusion_probability=float(chance.min()))
    said = []
    for number in range(len(right)):
        monitor.push("memo", confidence[[number]], right[[number]], chance[[number]])
        if number % 25 == 24:
            said += monitor.judge()
    return said


def test_another_meaning_of_a_tenth_is_found() -> None:
    """Where a tenth of the answers became wrong, 500 labels mostly prove it, and say how much."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(4):
        confidence, right = rows_of(rng, 800)
        right[300:] &= rng.random(500) > 0.1
        said = watched(confidence, right)
        assert not any(residual.drifted for residual in said[:12])
        found += [residual for residual in said if residual.drifted][:1]
    assert len(found) >= 3
    assert all(residual.low < residual.residual < min(residual.high, -0.05) for residual in found)


def test_answers_that_became_right_are_found() -> None:
    """Residuals above those of the reference are drift as well."""
    confidence, _ = rows_of(np.random.default_rng(4), 1500)
    unsure = np.full(1500, np.quantile(confidence, 0.03))
    said = watched(unsure, np.ones(1500, dtype=bool))
    assert said[-1].drifted
    assert said[-1].residual > 0.02


def test_a_stable_miscalibration_is_silent() -> None:
    """Confidence that is as wrong as it was on held-out rows is no drift, however long it lasts."""
    confidence, right = rows_of(np.random.default_rng(10), 3000)
    assert not any(residual.drifted for residual in watched(confidence, right))


def test_a_change_within_the_tolerance_is_silent() -> None:
    """A fiftieth more of wrong answers is not worth a call, however sure it is."""
    rng = np.random.default_rng(5)
    confidence, right = rows_of(rng, 3000)
    right &= rng.random(3000) > 0.02
    assert not any(residual.drifted for residual in watched(confidence, right))


@pytest.mark.parametrize("weighted", [True, False])
def test_preferred_documents_count_less(weighted: bool) -> None:  # noqa: FBT001
    """Labels that are asked for where answers look wrong are no drift if weighted as drawn."""
    rng = np.random.default_rng(6)
    confidence, right = rows_of(rng, 6000)
    chance = np.where(right, 0.1, 0.8)
    drawn = rng.random(6000) < chance
    probability = chance[drawn] if weighted else np.ones(int(drawn.sum()))
    said = watched(confidence[drawn], right[drawn], probability)
    assert any(residual.drifted for residual in said) != weighted


def test_labels_of_one_look_may_come_in_any_order() -> None:
    """Labels that are pushed together say the same in any order."""
    confidence, right = rows_of(np.random.default_rng(7), 400)
    right[:80] = False
    said = []
    for order in (np.arange(400), np.arange(400)[::-1]):
        monitor = ResidualMonitor(*held_out_rows())
        monitor.push("memo", confidence[order], right[order], np.ones(400))
        said += monitor.judge()
    assert said[0].drifted
    assert said[0].residual == pytest.approx(said[1].residual)
    assert said[0].low == said[1].low


def test_the_residual_is_the_weighted_mean() -> None:
    """The mean is that of the labels with their weights, and the interval contains it."""
    confidence, right = rows_of(np.random.default_rng(8), 200)
    chance = np.full(200, 0.5)
    monitor = ResidualMonitor(*held_out_rows(), min_inclusion_probability=0.5)
    monitor.push("memo", confidence, right, chance)
    (said,) = monitor.judge()
    errors, uncertainties = held_out_rows()[0].errors_of("memo", confidence)
    weights = residual_weights(errors, uncertainties)
    assert said.labels == 200
    assert said.residual == pytest.approx(weights @ (errors - ~right) / weights.sum())
    assert said.low < said.residual < said.high
    assert said.looks == 1
    assert said.right == pytest.approx(right.mean())
    assert said.expected == pytest.approx(1 - errors.mean() + said.reference)
    assert said.log_evidence < said.log_threshold


def test_a_reference_of_few_rows_is_patient() -> None:
    """What twenty held-out rows say of a label may be far off, and 300 labels do not alarm."""
    confidence, right = rows_of(np.random.default_rng(9), 20)
    proxy = ErrorProxy.of({"memo": Calibration.of(confidence.tolist(), right.tolist())})
    held_out = cross_fitted_residuals(["memo"], ["memo"] * 20, confidence, right)
    monitor = ResidualMonitor(proxy, held_out)
    new_confidence, new_right = rows_of(np.random.default_rng(10), 300)
    monitor.push("memo", new_confidence, new_right & (np.arange(300) % 12 > 0), np.ones(300))
    assert not monitor.judge()[0].drifted


def test_labels_that_were_never_predicted_say_nothing() -> None:
    """Only predicted labels with labelled documents are spoken of; others are refused by name."""
    monitor = ResidualMonitor(*held_out_rows())
    assert monitor.judge() == []
    with pytest.raises(ValueError, match="one of memo, found letter"):
        monitor.push("letter", [0.5], [True], [1.0])


def test_more_models_need_more_evidence() -> None:
    """The error probability is divided among all that are watched."""
    confidence, right = rows_of(np.random.default_rng(11), 400)
    right[:60] = False
    drifted = []
    for models in (1, 10**9):
        monitor = ResidualMonitor(*held_out_rows(), watched=models)
        monitor.push("memo", confidence, right, np.ones(400))
        drifted.append(monitor.judge()[0].drifted)
    assert drifted == [True, False]
