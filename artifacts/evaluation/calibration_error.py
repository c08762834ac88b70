"""The expected calibration error, and its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from artifacts.evaluation.intervals import Z, share_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["calibration_error", "calibration_interval"]

_BINS = 15


def calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over 15 equal-width bins (Guo et al. 2017, eq. 3)."""
    gaps = np.bincount(_bin_of(confidence), weights=confidence - correct, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def calibration_interval(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_]
) -> tuple[float, float]:
    """Return a 95 % interval of the expected calibration error, which holds the error itself.

    It adds up, in quadrature, what the exact interval of each bin's accuracy and the spread of the
    gaps over the rows allow on either side. Chance alone makes gaps, since the error sums their
    sizes: the lower end allows for all of the mean gap that perfect calibration would show, the
    normal approximation √(2/π) times the standard deviation in each bin.
    """
    rows = len(confidence)
    bins = _bin_of(confidence)
    counts = np.bincount(bins, minlength=_BINS)
    held = counts > 0
    counts = counts[held]
    sure, right, variance = (
        np.bincount(bins, weights=values, minlength=_BINS)[held]
        for values in (confidence, correct, confidence * (1 - confidence))
    )
    mean, accuracy, weight = sure / counts, right / counts, counts / rows
    gap = np.abs(mean - accuracy)
    error = calibration_error(confidence, correct)
    low, high = share_interval(right, counts)
    smaller = np.where(mean >= accuracy, high - accuracy, accuracy - low)
    larger = np.maximum(mean - low, high - mean) - gap
    between = Z**2 * max(0.0, (weight * gap**2).sum() - error**2) / rows
    by_chance = np.sqrt(2 / np.pi * variance).sum() / rows
    below = by_chance + np.sqrt(((weight * smaller) ** 2).sum() + between)
    above = np.sqrt(((weight * larger) ** 2).sum() + between)
    return max(0.0, error - float(below)), min(1.0, error + float(above))


def _bin_of(confidence: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
