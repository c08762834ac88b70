"""Accuracy and macro F1 of two periods, against scikit-learn and against labels nobody told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from guards.diagnosis.documents import NO_LABEL
from guards.diagnosis.performance import performance
from guards.evidence.columns import Categories
from tests.guards.diagnosis.test_class_residuals import answered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.diagnosis.documents import Documents

LABELS = ("contract", "invoice", "letter")


def drawn(seed: int, rows: int, sure: float) -> tuple[Documents, NDArray[np.int64]]:
    """Return two days of calibrated answers without labels, and the true classes."""
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet([1 / sure, 0.5 / sure, 0.3 / sure], rows)
    true = (probabilities.cumsum(axis=1) > generator.random((rows, 1))).argmax(axis=1)
    answers = [LABELS[number] for number in probabilities.argmax(axis=1)]
    hours = np.sort(generator.integers(0, 48, rows))
    documents = answered(hours, answers, probabilities.max(axis=1), np.full(rows, NO_LABEL))
    return replace(documents, probabilities=probabilities.astype(np.float32)), true


def labelled(documents: Documents, true: NDArray[np.int64], labels: int) -> Documents:
    """Return documents of which the first ones have labels."""
    names = [LABELS[number] if row < labels else None for row, number in enumerate(true.tolist())]
    return replace(documents, truth=Categories.of(names))


def answers_of(documents: Documents) -> list[str]:
    """Return the labels that were answered."""
    return [documents.labels.names[code] for code in documents.labels.codes.tolist()]


def test_labelled_documents_have_the_figures_of_scikit_learn() -> None:
    """Of those alone that have a label; a class that one period has is none of the other's."""
    periods = [drawn(1, 400, 2.0), drawn(2, 300, 1.0)]
    good, bad = (labelled(documents, true, 200) for documents, true in periods)
    bad.truth.codes[0] = len(bad.truth.names)
    bad = replace(bad, truth=Categories(bad.truth.codes, (*bad.truth.names, "memo")))
    found = performance((good, bad), LABELS)
    assert found is not None
    assert not found.estimated
    for side, accuracy, f1 in (
        (good, found.accuracy.good, found.f1.good),
        (bad, found.accuracy.bad, found.f1.bad),
    ):
        truth = [side.truth.names[code] for code in side.truth.codes[:200].tolist()]
        answers = answers_of(side)[:200]
        assert accuracy == pytest.approx(accuracy_score(truth, answers))
        assert f1 == pytest.approx(f1_score(truth, answers, average="macro"))
    assert found.f1.change.change == pytest.approx(found.f1.bad - found.f1.good)
    assert found.accuracy.change.low < found.accuracy.change.change < found.accuracy.change.high


def test_without_labels_they_are_what_the_probabilities_expect() -> None:
    """The labels that nobody told are near, and the intervals hold the true changes."""
    held = 0
    for seed in range(20):
        periods = [drawn(seed, 1_500, 2.0), drawn(100 + seed, 1_500, 0.8)]
        found = performance((periods[0][0], periods[1][0]), LABELS)
        assert found is not None
        assert found.estimated
        accuracies, f1 = [], []
        for documents, true in periods:
            truth = [LABELS[number] for number in true]
            accuracies.append(accuracy_score(truth, answers_of(documents)))
            f1.append(f1_score(truth, answers_of(documents), average="macro"))
        assert found.accuracy.good == pytest.approx(accuracies[0], abs=0.04)
        assert found.f1.bad == pytest.approx(f1[1], abs=0.05)
        change = found.f1.change
        held += change.low - 0.03 < f1[1] - f1[0] < change.high + 0.03
    assert held >= 18


def test_the_accuracy_that_is_expected_is_the_mean_confidence() -> None:
    """Of a champion that answers the likeliest class."""
    good, bad = drawn(1, 300, 2.0)[0], drawn(2, 300, 1.0)[0]
    found = performance((good, bad), LABELS)
    assert found is not None
    assert found.accuracy.good == pytest.approx(good.confidence.mean())
    assert found.accuracy.bad == pytest.approx(bad.confidence.mean())


def test_few_labels_and_no_probabilities_tell_nothing() -> None:
    """Nor do probabilities of other labels in one period."""
    (good, true), (bad, _) = drawn(1, 300, 2.0), drawn(2, 300, 1.0)
    few = labelled(good, true, 49)
    found = performance((few, bad), LABELS)
    assert found is not None
    assert found.estimated
    assert performance((few, bad), ()) is None
    other = replace(bad, probabilities=bad.probabilities[:, :2])
    assert performance((good, other), LABELS) is None
    nothing = replace(bad, probabilities=np.full_like(bad.probabilities, np.nan))
    assert performance((good, nothing), LABELS) is None


def test_a_class_of_one_period_is_no_miss_in_the_other() -> None:
    """All answers are right in both, so that F1 is 1."""
    sides = []
    for known in (2, 3):
        numbers = np.arange(300) % known
        documents = answered(
            np.arange(300) // 10,
            [LABELS[each] for each in numbers],
            np.ones(300),
            np.full(300, NO_LABEL),
        )
        certain = np.eye(3, dtype=np.float32)[numbers]
        sides.append(replace(documents, probabilities=certain))
    found = performance((sides[0], sides[1]), LABELS)
    assert found is not None
    assert (found.f1.good, found.f1.bad) == (1, 1)
    assert (found.f1.change.low, found.f1.change.high) == (0, 0)


def test_an_answer_that_has_no_probability_is_left_out() -> None:
    """A line that another program wrote; the others count."""
    documents, _ = drawn(1, 300, 2.0)
    names = ("memo", *documents.labels.names)
    odd = replace(documents, labels=Categories(documents.labels.codes + 1, names))
    odd.labels.codes[0] = 0
    found = performance((odd, odd), LABELS)
    assert found is not None
    assert found.accuracy.good == pytest.approx(documents.confidence[1:].mean())
