"""Fit the temperature that calibrates the probabilities of a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_temperature"]

_CHUNK = 4096


def fit_temperature(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Return the temperature T that minimises the log loss (Guo et al. 2017, section 4.2).

    ``logits`` float32 [rows, classes]; ``truth`` int64 [rows] are label indices. The sum of the log
    loss gets the penalty (log T)²/2, a standard normal prior of log T. Without it, rows that are
    all answered rightly would make the probabilities as extreme as they can be.
    """
    bounds = (np.log(0.05), np.log(20.0))

    def penalised_loss(log_temperature: float) -> float:
        scale = np.exp(-log_temperature)
        return _log_loss(logits, truth, scale) + log_temperature**2 / 2

    minimum = minimize_scalar(penalised_loss, bounds=bounds, method="bounded")
    return float(np.exp(minimum.x))


def _log_loss(logits: NDArray[np.float32], truth: NDArray[np.int64], scale: float) -> float:
    """Return the summed log loss of scaled logits, without a copy of all of them."""
    total = 0.0
    for start in range(0, len(truth), _CHUNK):
        scaled = logits[start : start + _CHUNK].astype(np.float64) * scale
        chosen = scaled[np.arange(len(scaled)), truth[start : start + _CHUNK]]
        total += float((logsumexp(scaled, axis=1) - chosen).sum())
    return total
