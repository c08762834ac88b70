"""Figures against scikit-learn and plain loops, intervals against repetition."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from artifacts.evaluation.figures import evaluate

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
    macro_f1 = metrics.f1_score(truth, answered, average="macro", zero_division=0.0)
    assert figures["macro_f1"]["value"] == pytest.approx(macro_f1, abs=1e-6)
    assert figures["macro_f1"]["classes"] == len({*truth, *answered})
    for index, label in enumerate(LABELS):
        found = figures["classes"][label]
        assert found["support"] == support[index]
        assert found["precision"]["value"] == pytest.approx(precision[index], abs=1e-6)
        assert found["recall"]["value"] == pytest.approx(recall[index], abs=1e-6)
        assert found["f1"]["value"] == pytest.approx(f1[index], abs=1e-6)


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


def test_the_same_answers_have_the_same_figures() -> None:
    """Nothing about them is drawn."""
    probabilities, truth = answers(100, seed=1)

    assert evaluate(probabilities, truth, LABELS) == evaluate(probabilities, truth, LABELS)


@pytest.mark.parametrize("rows", [1, 2, 5, 20])
@pytest.mark.parametrize("right", [True, False])
def test_few_rows_say_little(rows: int, *, right: bool) -> None:
    """Every interval holds its figure and is wide, also where all rows are right, or all wrong."""
    truth = np.arange(rows) % 2
    answered = truth if right else 1 - truth
    probabilities = np.full((rows, 4), 0.01, dtype=np.float32)
    probabilities[np.arange(rows), answered] = 0.97

    figures = evaluate(probabilities, truth, LABELS)

    assert figures["accuracy"]["value"] == float(right)
    overall = [figures[name] for name in ("accuracy", "macro_f1", "calibration_error")]
    ranks = [figures["classes"][label] for label in LABELS]
    single = [each[name] for each in ranks for name in ("precision", "recall", "f1")]
    for figure in (*overall, *single):
        assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
        assert figure["high"] - figure["low"] > 0.1


def test_memory_grows_with_rows_and_not_with_the_square_of_the_classes() -> None:
    """A thousand classes of a few rows each need megabytes."""
    classes, rows = 1000, 1200
    generator = np.random.default_rng(0)
    truth = generator.integers(classes, size=rows)
    probabilities = generator.random((rows, classes), dtype=np.float32)
    tracemalloc.start()

    figures = evaluate(probabilities, truth, [f"class {index}" for index in range(classes)])

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(figures["classes"]) == classes
    assert peak_bytes < 10 * probabilities.nbytes


def test_figures_are_plain_json() -> None:
    """They are numbers that JSON holds."""
    figures = evaluate(*answers(50, seed=1), LABELS)

    assert json.loads(json.dumps(figures)) == figures
    assert set(figures["accuracy"]) == {"value", "low", "high"}
