"""The answers of one model in a window, counted for an estimate of its performance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.drift.calibration import CONFIDENCE_BINS
from guards.drift.pair_counts import FIXED_POINT
from guards.performance.histograms import bins_of, to_tens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "MAX_CLASSES",
    "POOLED",
    "AnswerCounts",
    "counted_labels",
    "has_pairs",
    "predicted_labels",
]

MAX_CLASSES = 20
"""With more labels, documents are counted together: the counts of pairs grow with the square."""

POOLED = "*"
"""Stands for the predicted label where there are more than ``MAX_CLASSES``."""

_BINARY = 2


def counted_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the predicted labels that documents are counted by: each, or all as ``POOLED``."""
    return tuple(labels) if len(labels) <= MAX_CLASSES else (POOLED,)


def predicted_labels(labels: Sequence[str], predicted: NDArray[np.int64]) -> list[str]:
    """Return what each document counts as, of ``counted_labels``; ``predicted`` are indices."""
    counted = counted_labels(labels)
    return [counted[index if len(counted) > 1 else 0] for index in predicted.tolist()]


def has_pairs(labels: Sequence[str]) -> bool:
    """Whether probabilities of other labels than the predicted one are counted.

    Those of two labels follow from the confidence.
    """
    return _BINARY < len(labels) <= MAX_CLASSES


class AnswerCounts:
    """Counts of the answers of one model, by predicted label and probability.

    A call of ``update`` costs at least 10 µs however few the documents: feed them in batches.
    Not safe to share between threads without a lock.

    >>> counts = AnswerCounts(("invoice", "letter"))
    >>> counts.update(np.array([[0.92, 0.08], [0.93, 0.07]]))
    >>> counts.get()
    {'predicted': {'invoice': {'18': [0, 0, 0, 0, 1, 0, 1, 0, 0, 0]}}}
    """

    def __init__(self, labels: Sequence[str]) -> None:
        """Start an empty window; ``labels`` are in the order of the probabilities."""
        self._labels = tuple(labels)
        self._counted = counted_labels(labels)
        classes = len(self._counted)
        self._predicted = np.zeros((classes, CONFIDENCE_BINS), dtype=np.int64)
        self._others = np.zeros((classes, CONFIDENCE_BINS), dtype=np.int64)
        self._summed = np.zeros((classes, classes), dtype=np.int64)

    def update(self, probabilities: NDArray[np.floating]) -> None:
        """Count probabilities, float [documents, classes]; the predicted label is the largest one.

        Raises ``ValueError`` for another number of classes and for what is not a probability, and
        then counts nothing.
        """
        values = np.asarray(probabilities, dtype=np.float64)
        if not values.ndim or values.shape[1:] != (len(self._labels),):
            message = f"probabilities must be [documents, {len(self._labels)}]"
            raise ValueError(message)
        # NaN is neither at least 0 nor at most 1.
        if not ((values >= 0) & (values <= 1)).all():
            message = "a probability is not between 0 and 1"
            raise ValueError(message)
        predicted = values.argmax(axis=1)
        confidence = values[np.arange(len(values)), predicted]
        rows = predicted if len(self._labels) <= MAX_CLASSES else np.zeros_like(predicted)
        own = _histograms(rows, confidence, len(self._counted))
        self._predicted += own
        if has_pairs(self._labels):
            classes = np.arange(values.shape[1])
            all_of_them = _histograms(classes, values, values.shape[1])
            self._others += all_of_them - own
            # Whole numbers below 2**53 add exactly as doubles, whose product is the fast one.
            is_predicted = (predicted == classes[:, None]).astype(np.float64)
            self._summed += (is_predicted @ np.rint(values * FIXED_POINT)).astype(np.int64)

    def get(self) -> JsonObject:
        """Return the counts as plain JSON, for :func:`guards.drift.sketch.merge` to add.

        ``predicted`` holds, by predicted label, documents by confidence. With 3 to 20 labels,
        ``others`` holds, by label, documents that are predicted otherwise by its probability, and
        ``summed`` the sums of probabilities, [predicted label][label], times ``FIXED_POINT``.
        Histograms are as :func:`~guards.performance.histograms.to_tens` writes them; labels
        without documents are left out.
        """
        counts: JsonObject = {"predicted": self._by_label(self._predicted)}
        if has_pairs(self._labels):
            counts["others"] = self._by_label(self._others)
            counts["summed"] = self._summed.tolist()
        return counts

    def _by_label(self, histograms: Ints) -> JsonObject:
        rows = zip(self._counted, histograms, strict=True)
        return {label: to_tens(histogram) for label, histogram in rows if histogram.any()}


def _histograms(rows: Ints, probabilities: Floats, number: int) -> Ints:
    """Return how many probabilities fall into each bin of each row, int64 [number, bins].

    ``rows`` has the shape of the probabilities, or that of their last axis.
    """
    cells = (rows * CONFIDENCE_BINS + bins_of(probabilities)).ravel()
    counts = np.bincount(cells, minlength=number * CONFIDENCE_BINS)
    return counts.reshape(number, CONFIDENCE_BINS)
