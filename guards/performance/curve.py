"""Shares of right answers by confidence, and how uncertain sums over them are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.isotonic import fit_isotonic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.drift.reference import Calibration

    Floats = NDArray[np.float64]

__all__ = ["Curve"]

_WORST_VARIANCE = 0.25
"""Of one document that is right or wrong."""


@dataclass(frozen=True, slots=True)
class Curve:
    """An isotonic calibration, and the variances of what it says.

    ``right`` is float64 [bins], the expected share of right answers, and ``label_variance`` float64
    [bins] the variance of one answer. Empty bins lie between filled ones: ``filled`` is float64
    [bins, filled bins], the weights of these in each, and ``fit_variance`` float64 [filled bins]
    what the held-out documents of a bin leave open about its share.
    """

    right: Floats
    label_variance: Floats
    filled: Floats
    fit_variance: Floats

    @classmethod
    def of(cls, calibration: Calibration) -> Curve:
        """Fit the counts of the held-out documents; without any, nothing is known of the shares."""
        fit = fit_isotonic(calibration.documents, calibration.correct)
        filled = np.flatnonzero(fit.documents)
        if not filled.size:
            worst = np.full(len(fit.right), _WORST_VARIANCE)
            return cls(fit.right, worst, np.ones((len(fit.right), 1)), worst[:1])
        interpolation = _interpolation(filled, len(fit.right))
        # Half a right answer and half a wrong one more: a block without errors is not certain.
        blocks = fit.documents[filled]
        share = (fit.right[filled] * blocks + 0.5) / (blocks + 1)
        variance = share * (1 - share)
        held_out = np.array(calibration.documents)[filled]
        return cls(fit.right, interpolation @ variance, interpolation, variance / held_out)

    def variance(self, documents: NDArray[np.int64], change: Floats) -> float:
        """Return the variance of a figure which each right answer of a bin changes by ``change``.

        ``documents`` int64 [bins] are those of the window. The variance is that of their labels,
        each right or wrong by itself, and that of the calibration (delta method). The latter is
        taken bin by bin: that equals the variance of the fit where the window is distributed like
        the held-out documents, and is larger where it is not, since the fit joins bins whose true
        shares differ.
        """
        labels = (documents * change**2) @ self.label_variance
        calibration = ((documents * change) @ self.filled) ** 2 @ self.fit_variance
        return float(labels + calibration)


def _interpolation(filled: NDArray[np.int64], bins: int) -> Floats:
    """Return the weights of linear interpolation, as of ``np.interp``: float64 [bins, filled]."""
    # Where in the list of filled bins each bin lies; its whole part is the one below.
    positions = np.interp(np.arange(bins), filled, np.arange(len(filled)))
    distances = np.abs(positions[:, None] - np.arange(len(filled)))
    return np.asarray(np.maximum(1 - distances, 0.0))
