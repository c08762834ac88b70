"""The expected confusion matrix of a window, and how uncertain figures made of it are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.pair_counts import FIXED_POINT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.drift.pair_counts import PairCounts
    from guards.performance.curve import Curve

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Confusion", "Hits", "worth_of_sums"]


@dataclass(frozen=True, slots=True)
class Hits:
    """Documents of a window by predicted label, and how many of them are expected to be right.

    ``documents``, ``right`` and ``variance`` (of ``right``) are float64 [predicted].
    """

    documents: Floats
    right: Floats
    variance: Floats

    @classmethod
    def of(cls, curves: Sequence[Curve], histograms: Ints) -> Hits:
        """Apply calibrations to documents by predicted label and confidence, int64 [·, bins]."""
        rows = list(zip(curves, histograms, strict=True))
        each = np.ones(histograms.shape[1])
        return cls(
            documents=histograms.sum(axis=1).astype(np.float64),
            right=np.array([histogram @ curve.right for curve, histogram in rows]),
            variance=np.array([curve.variance(histogram, each) for curve, histogram in rows]),
        )


@dataclass(frozen=True, slots=True)
class Confusion:
    """Expected documents by predicted and true label.

    ``matrix`` is float64 [predicted, true]. ``shares`` are those of the true labels among the
    wrong answers of a predicted label, whose variance is ``share_variance`` times that of one
    document: both float64, [predicted, true] and [predicted].
    """

    hits: Hits
    matrix: Floats
    shares: Floats
    share_variance: Floats

    @classmethod
    def of(cls, hits: Hits, weights: Floats, held_out_errors: Ints) -> Confusion:
        """Divide the wrong answers of each predicted label among the others by ``weights``.

        ``weights`` is float64 [predicted, true]; ``held_out_errors`` int64 [predicted] is how many
        wrong answers they were learned from.
        """
        weights = weights * (1 - np.eye(len(weights)))
        totals = weights.sum(axis=1, keepdims=True)
        evenly = (1 - np.eye(len(weights))) / max(len(weights) - 1, 1)
        shares = np.where(totals > 0, weights / np.where(totals > 0, totals, 1.0), evenly)
        errors = np.maximum(hits.documents - hits.right, 0.0)
        matrix = shares * errors[:, None] + np.diag(hits.right)
        return cls(hits, matrix, shares, errors + errors**2 / (held_out_errors + 1))

    def variance(self, change: Floats) -> float:
        """Return the variance of a figure which each document of a cell changes by ``change``.

        ``change`` is float64 [predicted, true]. The number of right answers and the division of
        the wrong ones vary independently: the latter like multinomial counts, for the window's
        own wrong answers and for the held-out ones that the shares are known from.
        """
        mean = (self.shares * change).sum(axis=1)
        spread = (self.shares * change**2).sum(axis=1) - mean**2
        right = (np.diag(change) - mean) ** 2 @ self.hits.variance
        return float(right + self.share_variance @ np.maximum(spread, 0.0))


def worth_of_sums(pairs: PairCounts) -> Floats:
    """Return the documents of a true label for one summed probability, float64 [predicted, label].

    One document and one of probability more keep the ratio near 1 where little was held out.
    """
    documents, units = np.array(pairs.confusion), np.array(pairs.summed)
    return np.asarray((documents + 1) / (units / FIXED_POINT + 1))
