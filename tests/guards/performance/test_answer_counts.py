"""The counts of a window's answers."""

from __future__ import annotations

import doctest
import json
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pytest

import guards.performance.answer_counts
from guards.drift.calibration import CONFIDENCE_BINS
from guards.drift.pair_counts import FIXED_POINT
from guards.drift.sketch import merge
from guards.performance.answer_counts import AnswerCounts
from guards.performance.histograms import from_tens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.json_types import JsonObject

LABELS = ("contract", "invoice", "letter", "memo", "report")
EDGES = np.linspace(0, 1, CONFIDENCE_BINS + 1)


def some_answers(documents: int, classes: int = len(LABELS)) -> NDArray[np.float32]:
    """Draw probabilities float32 [documents, classes]."""
    rng = np.random.default_rng(documents)
    return rng.dirichlet([0.6] * classes, size=documents).astype(np.float32)


def counted(answers: NDArray[np.float32], labels: tuple[str, ...]) -> JsonObject:
    """Return the counts of answers, as read back from a log."""
    counts = AnswerCounts(labels)
    counts.update(answers)
    read: JsonObject = json.loads(json.dumps(counts.get()))
    return read


def test_the_example_holds() -> None:
    """The example of the docstring prints what it says."""
    assert doctest.testmod(guards.performance.answer_counts) == (0, 3)


def test_counts_agree_with_numpy() -> None:
    """Documents, other probabilities and sums are those of numpy's own histogram and sums."""
    answers = some_answers(3_000)
    counts, predicted = counted(answers, LABELS), answers.argmax(axis=1)
    for index, label in enumerate(LABELS):
        chosen, values = predicted == index, answers[:, index].astype(np.float64)
        for name, rows in (("predicted", chosen), ("others", ~chosen)):
            expected = np.histogram(values[rows], EDGES)[0]
            assert from_tens(counts[name][label]).tolist() == expected.tolist()
        sums = np.array(counts["summed"][index]) / FIXED_POINT
        assert sums == pytest.approx(answers[chosen].sum(axis=0, dtype=np.float64), abs=1e-3)


def test_any_batches_and_order_count_alike() -> None:
    """Replicas and days add up to exactly what one window would have counted."""
    answers = some_answers(700)
    parts = np.array_split(np.random.default_rng(1).permutation(answers), [1, 2, 300, 300])
    merged = reduce(merge, [counted(part, LABELS) for part in parts])
    assert merged == counted(answers, LABELS)


def test_labels_may_be_called_like_fields() -> None:
    """A merge takes no label for the field of a numeric snapshot."""
    labels = ("counts", "minimum", "summed", "predicted", "maximum")
    answers = some_answers(50)
    assert merge(counted(answers[:20], labels), counted(answers[20:], labels)) == counted(
        answers, labels
    )


def test_a_window_is_small() -> None:
    """1,000 documents of five labels take less than 6 KB, and of 1,000 labels less than one."""
    for classes, limit in ((5, 6_000), (1_000, 1_000)):
        labels = tuple(f"label {number}" for number in range(classes))
        window = counted(some_answers(1_000, classes), labels)
        assert len(json.dumps(window)) < limit


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([[0.5, 0.5]], "must be"),
        ([0.2] * 5, "must be"),
        (0.2, "must be"),
        ([[np.nan, 0, 0, 0, 1]], "between 0 and 1"),
        ([[0.2] * 5, [1.5, 0, 0, 0, -0.5]], "between 0 and 1"),
    ],
)
def test_what_is_no_probability_is_not_counted(answers: object, words: str) -> None:
    """Of a batch with one wrong answer nothing is counted."""
    counts = AnswerCounts(LABELS)
    with pytest.raises(ValueError, match=words):
        counts.update(np.array(answers))
    assert counts.get() == AnswerCounts(LABELS).get()


def test_no_documents_are_counted() -> None:
    """An empty batch leaves an empty window."""
    assert counted(np.empty((0, 2), dtype=np.float32), ("yes", "no")) == {"predicted": {}}
