"""Figures of an expected confusion matrix."""

from __future__ import annotations

import numpy as np
import pytest

from guards.performance import figures
from guards.performance.confusion import Confusion, Hits

DOCUMENTS = np.array([4_000, 2_500, 1_500])
RIGHT = np.array([0.9, 0.7, 0.8])
SHARES = np.array([[0, 0.8, 0.2], [0.6, 0, 0.4], [0.9, 0.1, 0]])
COST = np.array([[0.0, 1.0, 9.0], [2.0, 0.0, 3.0], [1.0, 1.0, -1.0]])
HITS = Hits(DOCUMENTS.astype(np.float64), DOCUMENTS * RIGHT, DOCUMENTS * RIGHT * (1 - RIGHT))
CONFUSION = Confusion.of(HITS, SHARES, np.array([10**9] * 3))
"""With a calibration that is all but exact, the labels of the window are what varies."""


def test_intervals_are_those_of_drawn_labels() -> None:
    """Each figure varies as much as the same figure of confusion matrices with drawn labels."""
    rng = np.random.default_rng(0)
    right = rng.binomial(DOCUMENTS, RIGHT, size=(3_000, 3))
    wrong = rng.multinomial(DOCUMENTS - right, SHARES)
    matrices = wrong + right[:, :, None] * np.eye(3)
    true = matrices.sum(axis=1)
    f1 = 2 * right / (true + DOCUMENTS)
    drawn = np.column_stack(
        [
            right.sum(axis=1) / DOCUMENTS.sum(),
            right / DOCUMENTS,
            right / true,
            f1,
            f1.mean(axis=1),
            (matrices * COST).sum(axis=(1, 2)) / DOCUMENTS.sum(),
        ]
    )
    found = [
        figures.accuracy(HITS, 0),
        *figures.precision(HITS, 0),
        *figures.recall(CONFUSION, 0),
        *figures.f1(CONFUSION, 0),
        figures.macro_f1(CONFUSION, 0),
        figures.mean_cost(CONFUSION, COST, 0),
    ]
    known = [(each.value, each.low, each.high) for each in found if each is not None]
    values, lows, highs = np.array(known).T
    assert values == pytest.approx(drawn.mean(axis=0), abs=0.001)
    assert lows == pytest.approx(np.quantile(drawn, 0.025, axis=0), abs=0.003)
    assert (highs - lows) / 3.92 == pytest.approx(drawn.std(axis=0), rel=0.06)


def test_doubtful_documents_widen_what_they_could_change() -> None:
    """Of 80 documents that are all wrong or right, a label's figures change by its own share."""
    pairs = (
        (figures.accuracy(HITS, 0), figures.accuracy(HITS, 80), 80 / 8_000),
        (figures.precision(HITS, 0)[2], figures.precision(HITS, 80)[2], 80 / 1_500),
        (figures.recall(CONFUSION, 0)[0], figures.recall(CONFUSION, 80)[0], 80 / 4_158),
        (figures.mean_cost(CONFUSION, COST, 0), figures.mean_cost(CONFUSION, COST, 80), 0.1),
    )
    for sure, doubtful, share in pairs:
        assert sure is not None
        assert doubtful is not None
        assert sure.low - doubtful.low == pytest.approx(share, rel=0.2)


def test_a_label_without_documents_has_no_figures() -> None:
    """Neither predicted nor expected: there is no share of nothing, and the mean leaves it out."""
    hits = Hits(*(np.append(each, 0.0) for each in (HITS.documents, HITS.right, HITS.variance)))
    confusion = Confusion.of(hits, np.pad(SHARES, (0, 1)), np.array([10**9] * 4))
    for figure in (
        figures.precision(hits, 0),
        figures.recall(confusion, 0),
        figures.f1(confusion, 0),
    ):
        assert [each is None for each in figure] == [False, False, False, True]
    assert figures.macro_f1(confusion, 0).value == figures.macro_f1(CONFUSION, 0).value
