"""Accuracy on labelled documents."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy.stats import binomtest

import guards.performance.realised
from guards.performance.realised import realised


def test_the_example_holds() -> None:
    """The example of the docstring prints what it says."""
    assert doctest.testmod(guards.performance.realised) == (0, 1)


@pytest.mark.parametrize(("right", "documents"), [(0, 3), (83, 100), (40, 40)])
@pytest.mark.parametrize("probability", [1.0, 0.2])
def test_equal_weights_give_the_interval_of_scipy(
    right: int, documents: int, probability: float
) -> None:
    """Where all documents were chosen alike, the weights are of no account."""
    found = realised({probability: (right, documents), 0.5: (0, 0)})
    expected = binomtest(right, documents).proportion_ci(method="wilson")
    assert found is not None
    assert found.value == pytest.approx(right / documents)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_rarely_chosen_documents_weigh_more() -> None:
    """Errors that are labelled ten times as often do not lower the accuracy of all documents."""
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        right = rng.random(5_000) < 0.9
        probability = np.where(right, 0.05, 0.5)
        labelled = rng.random(5_000) < probability
        found = realised(
            {
                chosen: (int((labelled & right & rows).sum()), int((labelled & rows).sum()))
                for chosen, rows in ((0.05, right), (0.5, ~right))
            }
        )
        assert found is not None
        covered.append(found.low <= right.mean() <= found.high)
    assert np.mean(covered) >= 0.93


def test_without_labels_there_is_no_accuracy() -> None:
    """No labelled document says nothing."""
    assert realised({}) is None
    assert realised({0.5: (0, 0)}) is None


@pytest.mark.parametrize("labelled", [{0.0: (1, 1)}, {1.5: (1, 1)}, {1.0: (2, 1)}, {1.0: (-1, 1)}])
def test_impossible_counts_are_refused(labelled: dict[float, tuple[int, int]]) -> None:
    """No more documents are right than there are, and none is chosen with probability 0."""
    with pytest.raises(ValueError, match="cannot be"):
        realised(labelled)
