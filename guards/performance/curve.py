"""Shares of right answers by confidence, and how uncertain sums over them are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.isotonic import fit_isotonic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.drift.calibration import Calibration

    Floats = NDArray[np.float64]

__all__ = ["Curve"]

_TRANSFER = 0.2
"""Standard deviation of the error that a change of confidences makes, as a share of the change.

Moved inputs may be harder than held-out ones of the same confidence. In the simulations of
``load_tests.performance`` a calibration misses up to a tenth of what they change in the mean.
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """An isotonic calibration, and the variances of what it says.

    ``right`` is float64 [bins], the expected share of right answers, and ``label_variance`` float64
    [bins] the variance of one answer. Empty bins lie between filled ones: ``filled`` is float64
    [bins, filled bins], the weights of these in each, and ``fit_variance`` float64 [filled bins]
    what the held-out documents of a bin leave open about its share. ``held_out`` float64 [bins] is
    how these are distributed.
    """

    right: Floats
    label_variance: Floats
    filled: Floats
    fit_variance: Floats
    held_out: Floats

    @classmethod
    def of(cls, calibration: Calibration) -> Curve:
        """Fit the counts of the held-out documents; without any, ``right`` is the confidence."""
        fit = fit_isotonic(calibration.documents, calibration.correct)
        documents = np.array(calibration.documents)
        filled = np.flatnonzero(documents)
        if not filled.size:
            nothing = np.zeros_like(fit.right)
            return cls(fit.right, nothing, np.zeros((len(nothing), 1)), nothing[:1], nothing)
        # Two right answers and two wrong ones more (Agresti and Coull 1998): few documents without
        # an error do not make certain that there is none.
        blocks = fit.documents[filled]
        share = (fit.right[filled] * blocks + 2) / (blocks + 4)
        variance = share * (1 - share)
        weights = _interpolation(filled, len(documents))
        return cls(
            right=fit.right,
            label_variance=weights @ variance,
            filled=weights,
            fit_variance=variance / documents[filled],
            held_out=documents / documents.sum(),
        )

    def variance(self, documents: NDArray[np.int64], change: Floats) -> float:
        """Return the variance of a figure which each right answer of a bin changes by ``change``.

        ``documents`` int64 [bins] are those of the window. Three parts add up (delta method): their
        labels, each right or wrong by itself; the calibration; and what it misses where the
        documents are distributed otherwise than the held-out ones. The calibration's part is taken
        bin by bin. It equals the variance of the fit for documents that are distributed alike, and
        is larger for others, since the fit joins bins whose true shares differ. It is 0 where
        nothing was held out: such documents may all be wrong, which is more than a variance says.
        """
        if not self.held_out.any():
            return 0.0
        labels = (documents * change**2) @ self.label_variance
        calibration = ((documents * change) @ self.filled) ** 2 @ self.fit_variance
        moved = documents / max(documents.sum(), 1) - self.held_out
        missed = _TRANSFER * (moved @ self.right) * (documents @ change)
        return float(labels + calibration + missed**2)


def _interpolation(filled: NDArray[np.int64], bins: int) -> Floats:
    """Return the weights of linear interpolation, as of ``np.interp``: float64 [bins, filled]."""
    # Where in the list of filled bins each bin lies; its whole part is the one below.
    positions = np.interp(np.arange(bins), filled, np.arange(len(filled)))
    distances = np.abs(positions[:, None] - np.arange(len(filled)))
    return np.asarray(np.maximum(1 - distances, 0.0))
