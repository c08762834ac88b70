"""Fit the temperature that calibrates the probabilities of a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

from artifacts.sealing.log_loss import MAX_LOG_TEMPERATURE, log_loss

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_temperature"]


def fit_temperature(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Return the temperature T that minimises the log loss (Guo et al. 2017, section 4.2).

    ``logits`` float32 [rows, classes]; ``truth`` int64 [rows] are label indices. The sum of the log
    loss gets the penalty (log T)²/2, a standard normal prior of log T. Without it, rows that are
    all answered rightly would make the probabilities as extreme as they can be.
    """

    def penalised_loss(log_temperature: float) -> float:
        return log_loss(logits, truth, np.exp(-log_temperature)) + log_temperature**2 / 2

    bounds = (-MAX_LOG_TEMPERATURE, MAX_LOG_TEMPERATURE)
    minimum = minimize_scalar(penalised_loss, bounds=bounds, method="bounded")
    return float(np.exp(minimum.x))
