"""Fit the temperature that calibrates the probabilities of a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_temperature"]


def fit_temperature(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Return the temperature that minimises the log loss (Guo et al. 2017, section 4.2).

    ``logits`` float32 [rows, classes]; ``truth`` int64 [rows] are label indices.
    """
    exact = logits.astype(np.float64)

    def log_loss(log_temperature: float) -> float:
        scaled = exact / np.exp(log_temperature)
        shifted = scaled - scaled.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(shifted).sum(axis=1))
        return float((log_sum - shifted[np.arange(len(truth)), truth]).mean())

    minimum = minimize_scalar(log_loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(minimum.x))
