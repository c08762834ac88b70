"""The calibration error against a plain loop, its interval against repetition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.evaluation.calibration_error import calibration_error, calibration_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def plain_calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    """Sum the gaps between confidence and accuracy, bin by bin, as the paper has it."""
    total = 0.0
    for index in range(15):
        low, high = index / 15, (index + 1) / 15
        inside = (confidence >= low) & ((confidence < high) | (index == 14))
        if inside.any():
            gap = abs(confidence[inside].mean() - correct[inside].mean())
            total += inside.mean() * gap
    return float(total)


@pytest.mark.parametrize("seed", range(5))
def test_calibration_error_agrees_with_a_plain_loop(seed: int) -> None:
    """The error is the weighted mean gap over fifteen bins of equal width."""
    generator = np.random.default_rng(seed)
    confidence = np.append(generator.uniform(0.25, 1, size=300), [1.0, 0.25])
    correct = generator.random(302) < confidence**2

    ours = calibration_error(confidence, correct)

    assert ours == pytest.approx(plain_calibration_error(confidence, correct), abs=1e-12)


@pytest.mark.parametrize(
    ("confidence", "correct", "error"),
    [
        ([1.0] * 10, [True] * 10, 0.0),
        ([1.0] * 10, [False] * 10, 1.0),
        ([0.7] * 10, [True] * 7 + [False] * 3, 0.0),
    ],
)
def test_calibration_error_where_it_is_obvious(
    confidence: list[float], correct: list[bool], error: float
) -> None:
    """Sure and right is 0, sure and wrong is 1, and 70 % sure and right 7 times in 10 is 0."""
    found = calibration_error(np.array(confidence), np.array(correct))

    assert found == pytest.approx(error, abs=1e-12)


@pytest.mark.parametrize("rows", [1, 5, 20, 75, 500])
@pytest.mark.parametrize(
    "accuracy_at",
    [
        lambda confidence: confidence,
        lambda confidence: confidence**2,
        lambda confidence: 1 - 0.4 * (1 - confidence),
        lambda confidence: np.full_like(confidence, 0.4),
    ],
    ids=["calibrated", "too sure", "not sure enough", "blind"],
)
def test_interval_covers_the_error_of_the_population(
    rows: int, accuracy_at: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> None:
    """At least 93 of 100 intervals do, and each holds the estimate, which is too high by chance."""
    generator = np.random.default_rng(rows)

    def confidences(count: int) -> NDArray[np.float64]:
        sure = generator.random(count) < 0.6
        return np.where(sure, generator.uniform(0.94, 1, count), generator.uniform(0.4, 0.9, count))

    many = confidences(400_000)
    bins = np.minimum((many * 15).astype(int), 14)
    true = np.abs(np.bincount(bins, weights=many - accuracy_at(many))).sum() / len(many)
    covered = []
    for _ in range(200):
        confidence = confidences(rows)
        correct = generator.random(rows) < accuracy_at(confidence)
        low, high = calibration_interval(confidence, correct)
        assert 0 <= low <= calibration_error(confidence, correct) <= high <= 1
        covered.append(low - 1e-3 <= true <= high + 1e-3)

    assert np.mean(covered) >= 0.93


def test_a_large_error_is_told_from_chance() -> None:
    """With rows enough, the interval of a badly calibrated model is far from 0."""
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.9, 1, size=1000)

    low, high = calibration_interval(confidence, generator.random(1000) < 0.7)

    assert 0.18 < low < 0.25 < high < 0.32
