"""Figures of a window with their intervals, from its expected confusion matrix.

``doubtful`` is everywhere the number of documents that an interval takes as all wrong at its lower
end and as all right at its upper one. A document changes a share of ``whole`` documents by at most
1 / ``whole``.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from guards.evidence.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.performance.confusion import Confusion, Hits
    from guards.performance.ranking import Ranking

    Floats = NDArray[np.float64]

__all__ = ["accuracy", "auc", "f1", "macro_f1", "mean_cost", "precision", "recall"]

_Z = 1.959963984540054
"""Of a 95 % interval."""

_TOUCHED = 2
"""Labels whose F1 a document changes: the predicted one and the true one."""


def accuracy(hits: Hits, doubtful: float) -> Figure:
    """Return the share of right answers."""
    documents = hits.documents.sum()
    variance = hits.variance.sum() / documents**2
    return _share(hits.right.sum() / documents, variance, doubtful / documents)


def precision(hits: Hits, doubtful: float) -> list[Figure | None]:
    """Return, for each predicted label, the share of right answers; None without documents."""
    return [
        _share(right / documents, variance / documents**2, doubtful / documents)
        if documents
        else None
        for documents, right, variance in zip(
            hits.documents, hits.right, hits.variance, strict=True
        )
    ]


def recall(confusion: Confusion, doubtful: float) -> list[Figure | None]:
    """Return, for each true label, the share of right answers; None where none is expected."""
    true = confusion.matrix.sum(axis=0)
    return [_ratio(confusion, label, 1, whole, doubtful) for label, whole in enumerate(true)]


def f1(confusion: Confusion, doubtful: float) -> list[Figure | None]:
    """Return, for each label, twice the right answers over documents predicted plus true.

    None where there are neither.
    """
    wholes = _predicted_and_true(confusion)
    return [_ratio(confusion, label, 2, whole, doubtful) for label, whole in enumerate(wholes)]


def macro_f1(confusion: Confusion, doubtful: float) -> Figure:
    """Return the mean F1 of the labels that are predicted or expected."""
    wholes = _predicted_and_true(confusion)
    known = np.flatnonzero(wholes)
    values = 2 * np.diag(confusion.matrix)[known] / wholes[known]
    changes = [_change(confusion, label, 2, wholes[label]) for label in known.tolist()]
    largest = np.sort(2 / wholes[known])[-_TOUCHED:].sum() / len(known)
    variance = confusion.variance(np.mean(changes, axis=0))
    return _share(values.mean(), variance, doubtful * largest)


def auc(rankings: Sequence[Ranking], doubtful: float) -> Figure:
    """Return the mean area under the ROC curve.

    A document has one label: the numbers of documents of each label are multinomial, and their
    covariance is at most twice its diagonal. Nor can a standard deviation of a mean exceed the mean
    of the standard deviations.
    """
    variances = np.array([ranking.variance for ranking in rankings])
    variance = min(2 * variances.sum() / len(rankings) ** 2, np.sqrt(variances).mean() ** 2)
    widening = np.mean([min(doubtful / ranking.rarer, 1.0) for ranking in rankings])
    return _share(float(np.mean([each.area for each in rankings])), variance, float(widening))


def mean_cost(confusion: Confusion, cost: Floats, doubtful: float) -> Figure:
    """Return the cost of one document, ``cost`` being float64 [predicted, true]."""
    documents = confusion.matrix.sum()
    value = float((confusion.matrix * cost).sum() / documents)
    lowest, highest = float(cost.min()), float(cost.max())
    reach = _Z * sqrt(confusion.variance(cost / documents))
    reach += (highest - lowest) * doubtful / documents
    return Figure(value, max(value - reach, lowest), min(value + reach, highest))


def _predicted_and_true(confusion: Confusion) -> Floats:
    return np.asarray(confusion.hits.documents + confusion.matrix.sum(axis=0))


def _ratio(
    confusion: Confusion, label: int, times: int, whole: float, doubtful: float
) -> Figure | None:
    """Return so many times the right answers of a label, over ``whole``."""
    if not whole:
        return None
    variance = confusion.variance(_change(confusion, label, times, whole))
    value = times * confusion.matrix[label, label] / whole
    return _share(value, variance, times * doubtful / whole)


def _change(confusion: Confusion, label: int, times: int, whole: float) -> Floats:
    """Return what one document of each cell changes in such a ratio, float64 [predicted, true].

    Documents that have the label are part of ``whole``; how many are predicted so is known.
    """
    change = np.zeros_like(confusion.matrix)
    change[:, label] = -times * confusion.matrix[label, label] / whole**2
    change[label, label] += times / whole
    return change


def _share(value: float, variance: float, widening: float) -> Figure:
    reach = _Z * sqrt(variance) + float(widening)
    # Rounding may lead out of the range.
    value = min(max(float(value), 0.0), 1.0)
    return Figure(value, max(value - reach, 0.0), min(value + reach, 1.0))
