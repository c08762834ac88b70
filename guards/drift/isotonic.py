"""How often answers of each confidence are right: isotonic regression on counts of held-out rows.

The share of right answers must not fall as confidence rises. The fit under that condition (Ayer,
Brunk, Ewing, Reid and Silverman 1955) joins neighbouring bins into blocks of one share each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import isotonic_regression

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["IsotonicFit", "fit_isotonic"]


@dataclass(frozen=True, slots=True)
class IsotonicFit:
    """The calibration of one predicted label.

    ``right`` is float64 [bins], the share of right answers. ``documents`` is int64 [bins], the
    held-out documents of the whole block that a bin belongs to; 0 where the bin is empty and
    ``right`` is between the shares of its neighbours.
    """

    right: NDArray[np.float64]
    documents: NDArray[np.int64]


def fit_isotonic(documents: ArrayLike, correct: ArrayLike) -> IsotonicFit:
    """Fit the share of right answers to the counts of a predicted label, both int64 [bins].

    Empty bins are interpolated between filled ones, and beyond the outer ones take their share.
    Without any document the share is the confidence at the middle of the bin.
    """
    counts = np.asarray(documents, dtype=np.int64)
    bins = np.arange(len(counts))
    filled = np.flatnonzero(counts)
    held_out = np.zeros_like(counts)
    if not filled.size:
        return IsotonicFit((bins + 0.5) / len(counts), held_out)
    weights = counts[filled]
    fit = isotonic_regression(np.asarray(correct)[filled] / weights, weights=weights)
    blocks = np.add.reduceat(weights, fit.blocks[:-1])
    held_out[filled] = np.repeat(blocks, np.diff(fit.blocks))
    return IsotonicFit(np.interp(bins, filled, fit.x), held_out)
