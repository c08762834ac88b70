"""The reference counts what a service would observe, in little memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from artifacts.bundle.preprocessing import Encoding
from artifacts.sealing.reference import build_reference
from guards.answer import Answer
from guards.drift.feature_reference import AnsweredRows, CategoricalReference, NumericReference
from guards.drift.reference import Reference
from guards.schema import CanonicalRow, Schema


def schema(classes: int) -> Schema:
    """Return a schema of text alone."""
    return Schema(
        text=("text",),
        numeric=(),
        categorical=(),
        labels=tuple(f"label {index}" for index in range(classes)),
    )


def encodings(rows: int) -> list[Encoding]:
    """Return as many encodings, of one to five tokens."""
    return [
        Encoding(
            np.zeros((1, 1 + index % 5), np.int64),
            np.zeros(0),
            CanonicalRow((), ()),
            unknown_tokens=0,
            truncated=False,
        )
        for index in range(rows)
    ]


def answers(rows: int, classes: int) -> np.ndarray:
    """Draw probabilities, float32 [rows, classes]."""
    generator = np.random.default_rng(0)
    drawn = generator.random((rows, classes), dtype=np.float32) ** 4
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True), dtype=np.float32)


def test_answers_are_counted_as_a_service_counts_them() -> None:
    """Label, confidence, margin and entropy are those of the answer to each document."""
    labels = schema(4).labels
    probabilities = answers(90, 4)
    truth = np.arange(90) % 4

    reference = build_reference(schema(4), encodings(90), probabilities, truth)

    given = [Answer.of(row, labels) for row in probabilities]
    answered = AnsweredRows(
        np.array([answer.confidence for answer in given]),
        np.array([labels.index(answer.label) for answer in given]) == truth,
    )
    for name in ("confidence", "margin", "entropy"):
        values = np.array([getattr(answer, name) for answer in given])
        expected = NumericReference.of(values, answered=answered)
        assert reference.features[f"answer.{name}"] == expected
    counted = CategoricalReference.of([answer.label for answer in given], labels, answered=answered)
    assert reference.features["answer.label"] == counted
    for index, label in enumerate(labels):
        of_label = [i for i, answer in enumerate(given) if answer.label == label]
        assert sum(reference.calibration[label].documents) == len(of_label)
        right = sum(truth[i] == index for i in of_label)
        assert sum(reference.calibration[label].correct) == right


def test_a_thousand_labels_need_little_memory() -> None:
    """No answer is kept with its thousand probabilities: each has four watched values."""
    probabilities = answers(400, 1000)
    rows = encodings(400)
    tracemalloc.start()

    reference = build_reference(schema(1000), rows, probabilities, np.arange(400))

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(reference.calibration) == 1000
    assert peak_bytes < 10_000_000


def test_an_answer_that_is_no_number_has_no_reference() -> None:
    """It is told, and not counted as a missing value."""
    probabilities = answers(5, 3)
    probabilities[2, 1] = np.nan

    with pytest.raises(ValueError, match="a probability is not finite"):
        build_reference(schema(3), encodings(5), probabilities, np.zeros(5, np.int64))


def test_a_reference_is_read_back() -> None:
    """What is written is what was counted, with as many labels as there are."""
    reference = build_reference(schema(300), encodings(40), answers(40, 300), np.arange(40))

    assert Reference.from_json(reference.to_json()) == reference
