"""What estimates of simulated windows are compared with."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from load_tests.performance.coverage import real_figures
from load_tests.performance.simulated import Documents, Population


@pytest.mark.parametrize("classes", [2, 5])
def test_real_figures_are_those_of_scikit_learn(classes: int) -> None:
    """Accuracy, macro F1 and the mean one-against-rest area."""
    documents = Population(classes, seed=3).draw(900, 0.5, np.random.default_rng(0))
    predicted = documents.probabilities.argmax(axis=1)
    expected = (
        accuracy_score(documents.truth, predicted),
        f1_score(documents.truth, predicted, average="macro"),
        roc_auc_score(np.eye(classes)[documents.truth], documents.probabilities, average="macro"),
    )
    assert real_figures(documents) == pytest.approx(expected, abs=1e-5)


def test_a_window_without_a_label_has_no_area() -> None:
    """A label that does not occur cannot be ranked; the other figures are there."""
    probabilities = np.array([[0.6, 0.3, 0.1], [0.1, 0.6, 0.3]], dtype=np.float32)
    accuracy, f1, auc = real_figures(Documents(probabilities, np.array([0, 1])))
    assert (accuracy, f1) == (1, 1)
    assert np.isnan(auc)
