"""Figures of each class and macro F1, against scikit-learn and against repetition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn import metrics

from artifacts.evaluation.class_figures import ClassCounts, class_figures, macro_f1

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZES = [1, 5, 20, 75, 500]


def population(classes: int, accuracy: float, skew: float) -> NDArray[np.float64]:
    """Return shares of label and answer, [classes, classes]; classes are rarer by ``skew``."""
    generator = np.random.default_rng(classes)
    prior = 1.0 / np.arange(1, classes + 1) ** skew
    errors = generator.dirichlet(np.ones(classes), size=classes)
    shares = accuracy * np.eye(classes) + (1 - accuracy) * errors
    joint: NDArray[np.float64] = shares * (prior / prior.sum())[:, np.newaxis]
    return joint


def f1_of(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return F1 of each class in a population."""
    scores: NDArray[np.float64] = 2 * joint.diagonal() / (joint.sum(axis=0) + joint.sum(axis=1))
    return scores


def counts_of(table: NDArray[np.int64]) -> ClassCounts:
    """Count a table of labels and answers, [classes, classes]."""
    return ClassCounts(table.diagonal(), table.sum(axis=0), table.sum(axis=1))


@pytest.mark.parametrize(
    ("truth", "answers"),
    [
        ([0, 1, 1], [0, 1, 1]),
        ([0, 1, 2], [0, 1, 2]),
        ([0, 0, 0], [3, 0, 0]),
        ([0, 1, 2], [4, 3, 2]),
        ([2], [2]),
        ([2], [1]),
    ],
    ids=["a class without rows", "three of five", "answered only", "mixed", "right", "wrong"],
)
def test_macro_f1_is_over_labels_and_answers(truth: list[int], answers: list[int]) -> None:
    """As scikit-learn has it without ``labels``: a class that nothing is said of is left out."""
    counts = ClassCounts.of(np.array(answers), np.array(truth), 5)

    value, low, high = macro_f1(counts)

    oracle = metrics.f1_score(truth, answers, average="macro", zero_division=0.0)
    assert value == pytest.approx(oracle)
    assert np.count_nonzero(counts.either) == len({*truth, *answers})
    assert low <= value <= high
    assert low < high


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(
    ("classes", "accuracy", "skew"),
    [(2, 0.9, 0.0), (3, 0.6, 0.0), (5, 0.98, 0.0), (5, 0.7, 1.0), (20, 0.9, 0.5), (100, 0.8, 0.0)],
)
def test_intervals_cover_the_population(
    rows: int, classes: int, accuracy: float, skew: float
) -> None:
    """At least 93 of 100 intervals hold F1 of a class, and macro F1 of the classes it is over."""
    joint = population(classes, accuracy, skew)
    true = f1_of(joint)
    draws = np.random.default_rng(1).multinomial(rows, joint.ravel(), size=300)
    macro, single = [], []
    for draw in draws:
        counts = counts_of(draw.reshape(classes, classes))
        _, low, high = macro_f1(counts)
        macro.append(low <= true[counts.either > 0].mean() <= high)
        figures = class_figures(counts)["f1"]
        single.append((figures.low <= true) & (true <= figures.high))

    assert np.mean(macro) >= 0.93
    assert np.mean(single) >= 0.93


@pytest.mark.parametrize("rows", [1, 5, 20])
def test_rows_that_are_all_right_do_not_prove_a_perfect_model(rows: int) -> None:
    """The intervals reach below 1, the further the fewer rows there are."""
    counts = counts_of(np.diag([rows, rows]))

    value, low, high = macro_f1(counts)

    assert value == high == 1.0
    assert low == pytest.approx(2 / (1 + 1 / 0.025 ** (1 / rows)))
    for figures in class_figures(counts).values():
        assert (figures.low < 1).all()


def test_more_rows_narrow_the_interval() -> None:
    """At 5,000 rows it is hardly wider than the spread of macro F1 over samples."""
    joint = population(5, 0.9, 0.0)
    draws = np.random.default_rng(2).multinomial(5000, joint.ravel(), size=200)

    found = np.array([macro_f1(counts_of(draw.reshape(5, 5))) for draw in draws])

    spread = np.diff(np.quantile(found[:, 0], [0.025, 0.975]))[0]
    assert (found[:, 2] - found[:, 1]).mean() == pytest.approx(1.3 * spread, rel=0.3)
