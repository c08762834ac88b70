"""The expected confusion matrix, and the variance of figures made of it."""

from __future__ import annotations

import numpy as np
import pytest

from guards.performance.confusion import Confusion, Hits, worth_of_sums
from guards.performance.sealed import SealedPerformance

HITS = Hits(np.array([100.0, 60.0, 0.0]), np.array([80.0, 30.0, 0.0]), np.array([16.0, 15.0, 0.0]))
WEIGHTS = np.array([[9.0, 3.0, 1.0], [2.0, 9.0, 2.0], [0.0, 0.0, 0.0]])


def test_rows_hold_the_documents_that_are_predicted_so() -> None:
    """Wrong answers are divided by the weights, and a label never predicted has none."""
    confusion = Confusion.of(HITS, WEIGHTS, np.array([1, 1, 0]))
    assert confusion.matrix.tolist() == [[80, 15, 5], [15, 30, 15], [0, 0, 0]]


def test_wrong_answers_without_weights_are_divided_evenly() -> None:
    """No document goes missing where the sums of probabilities are zero."""
    confusion = Confusion.of(HITS, np.zeros((3, 3)), np.array([1, 1, 0]))
    assert confusion.matrix.tolist() == [[80, 10, 10], [15, 30, 15], [0, 0, 0]]


def test_the_variance_is_that_of_many_draws() -> None:
    """A weighted sum of the cells varies as labels and held-out errors make it vary."""
    rng, change, errors = np.random.default_rng(0), np.arange(9.0).reshape(3, 3) ** 1.5, 50
    found = Confusion.of(HITS, WEIGHTS, np.array([errors] * 3))
    sums = []
    for _ in range(4_000):
        total = 0.0
        for row in (0, 1):
            documents, share = int(HITS.documents[row]), HITS.right[row] / HITS.documents[row]
            right = rng.binomial(documents, share)
            held_out = rng.multinomial(errors + 1, found.shares[row]) / (errors + 1)
            # The labels of the window and the shares that were held out differ independently.
            wrong = rng.multinomial(documents - right, found.shares[row])
            wrong = wrong + (documents - right) * (found.shares[row] - held_out)
            total += change[row, row] * right + change[row] @ wrong
        sums.append(total)
    assert found.variance(change) == pytest.approx(np.var(sums), rel=0.1)


def test_a_probability_is_worth_what_it_was_on_held_out_documents() -> None:
    """Where twice as many documents had a label as its probabilities said, the same is expected."""
    probabilities = np.tile([0.6, 0.3, 0.1], (1_000, 1))
    truth = np.repeat([0, 1, 2], [600, 200, 200])
    pairs = SealedPerformance.of(probabilities, truth, "abc").pairs
    assert pairs is not None
    worth = worth_of_sums(pairs)
    assert worth[0] == pytest.approx([1.0, 201 / 301, 201 / 101], rel=1e-3)
    assert worth[1:] == pytest.approx(np.ones((2, 3)))
