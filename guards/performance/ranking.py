"""The expected area under the ROC curve, from documents by the probability of a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.performance.curve import Curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Ranking", "binary_ranking", "one_vs_rest_ranking"]

_NOBODY = 1e-9
"""A share of documents that rounding alone may leave."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """An expected area under the ROC curve, its variance, and documents of the rarer side."""

    area: float
    variance: float
    rarer: float


def one_vs_rest_ranking(curve: Curve, documents: Ints) -> Ranking | None:
    """Return the ranking of documents int64 [bins] by the probability of a label.

    ``curve`` says how many of them have the label. None where all are expected to have it, or none.
    """
    found = _area(documents * curve.right, documents.astype(np.float64))
    if found is None:
        return None
    area, change, rarer = found
    return Ranking(area, curve.variance(documents, change), rarer)


def binary_ranking(curves: Sequence[Curve], histograms: Ints) -> Ranking | None:
    """Return the ranking by the probability of the second of two labels.

    ``histograms`` int64 [predicted, bins] are documents by confidence. A document that is predicted
    as the first label has the second one's probability 1 - confidence.
    """
    first, second = (
        documents * curve.right for curve, documents in zip(curves, histograms, strict=True)
    )
    documents = (histograms[0, ::-1] + histograms[1]).astype(np.float64)
    found = _area((histograms[0] - first)[::-1] + second, documents)
    if found is None:
        return None
    area, change, rarer = found
    # A right answer of the first label takes a document away from the second one, which changes the
    # area the other way round: a variance is the same for both.
    variance = sum(map(Curve.variance, curves, histograms, (change[::-1], change)))
    return Ranking(area, variance, rarer)


def _area(positive: Floats, documents: Floats) -> tuple[float, Floats, float] | None:
    """Return the area, what one more positive of each bin changes, and the rarer side's documents.

    The area is the probability that a positive is in a higher bin than a negative, half of it where
    both are in one (Mann and Whitney 1947). Both arguments are float64 [bins].
    """
    negative = documents - positive
    positives, negatives = positive.sum(), negative.sum()
    rarer = float(min(positives, negatives))
    if rarer <= _NOBODY * documents.sum():
        return None
    below = np.cumsum(negative) - negative / 2
    above = positives - np.cumsum(positive) + positive / 2
    area = float(positive @ below / (positives * negatives))
    change = (below - above) / (positives * negatives) - area / positives + area / negatives
    return area, change, rarer
