"""Figures against scikit-learn and plain loops, intervals against repetition."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from artifacts.evaluation.figures import calibration_error, evaluate

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABELS = ("contract", "invoice", "letter", "memo")


def answers(
    rows: int, seed: int, skill: float = 2.0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Draw truth, and probabilities that lean towards it; the last class never occurs."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(3, size=rows)
    logits = generator.normal(size=(rows, 4)) + skill * np.eye(4)[truth]
    logits[:, 3] -= 5
    exponentials = np.exp(logits)
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32), truth


@pytest.mark.parametrize("seed", range(5))
def test_figures_agree_with_scikit_learn(seed: int) -> None:
    """Accuracy, macro F1, and precision, recall and F1 of each class are scikit-learn's."""
    probabilities, truth = answers(150, seed)
    answered = probabilities.argmax(axis=1)

    figures = evaluate(probabilities, truth, LABELS)

    assert figures["rows"] == 150
    assert figures["accuracy"]["value"] == pytest.approx(
        metrics.accuracy_score(truth, answered), abs=1e-6
    )
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, answered, labels=range(4), zero_division=0.0
    )
    assert figures["macro_f1"]["value"] == pytest.approx(f1.mean(), abs=1e-6)
    for index, label in enumerate(LABELS):
        found = figures["classes"][label]
        assert found["support"] == support[index]
        assert found["precision"]["value"] == pytest.approx(precision[index], abs=1e-6)
        assert found["recall"]["value"] == pytest.approx(recall[index], abs=1e-6)
        assert found["f1"]["value"] == pytest.approx(f1[index], abs=1e-6)


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


def test_interval_of_accuracy_is_that_of_repetition() -> None:
    """The interval is about as wide as the binomial spread of the accuracy."""
    probabilities, truth = answers(400, seed=3)

    figure = evaluate(probabilities, truth, LABELS)["accuracy"]

    low, high = stats.binom.interval(0.95, 400, figure["value"])
    assert figure["low"] == pytest.approx(low / 400, abs=0.01)
    assert figure["high"] == pytest.approx(high / 400, abs=0.01)


def test_intervals_cover_what_a_large_sample_says() -> None:
    """Of forty samples, about 95 in 100 intervals hold the figures of the population."""
    probabilities, truth = answers(20_000, seed=0)
    population = evaluate(probabilities, truth, LABELS)
    covered = {"accuracy": 0, "macro_f1": 0}
    for seed in range(1, 41):
        figures = evaluate(*answers(200, seed), LABELS)
        for name in covered:
            figure = figures[name]
            covered[name] += figure["low"] <= population[name]["value"] <= figure["high"]

    assert all(hits >= 34 for hits in covered.values())


def test_figures_are_seeded() -> None:
    """The same answers give the same intervals."""
    probabilities, truth = answers(100, seed=1)

    assert evaluate(probabilities, truth, LABELS) == evaluate(probabilities, truth, LABELS)


def test_one_row() -> None:
    """A single row has figures, however little they say."""
    probabilities, truth = answers(1, seed=0)

    figures = evaluate(probabilities, truth, LABELS)

    assert figures["accuracy"]["value"] in {0.0, 1.0}
    assert figures["accuracy"]["low"] == figures["accuracy"]["high"]


def test_figures_are_plain_json() -> None:
    """They are numbers that JSON holds."""
    figures = evaluate(*answers(50, seed=1), LABELS)

    assert json.loads(json.dumps(figures)) == figures
    assert set(figures["accuracy"]) == {"value", "low", "high"}
