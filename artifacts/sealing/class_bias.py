"""Fit a temperature and a bias for each class, after a training that weighed the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_class_bias"]

_PRIOR_PRECISION = 0.1
"""The inverse of the variance: a class with a few rows is already fitted by them."""

_MIN_LOG_TEMPERATURE, _MAX_LOG_TEMPERATURE = np.log(0.05), np.log(20.0)


def fit_class_bias(
    logits: NDArray[np.float32], truth: NDArray[np.int64], class_weights: NDArray[np.float32]
) -> tuple[float, NDArray[np.float64]]:
    """Return the temperature T and the biases b, float64 [classes], that calibrate ``logits``.

    A loss that is weighted by w teaches the probabilities of rows drawn in proportion to w. Those
    of rows as they come are ``softmax(logits / T + b)`` with b = -log w (Elkan 2001, theorem 2).
    T and b are fitted to the held-out rows around that: they minimise the log loss, summed over
    the rows, plus 0.05 Σ (b + log w)², a normal prior of variance 10, which only counts for classes
    with hardly a row. The bias of a class without any stays at -log w.

    ``logits`` float32 [rows, classes]; ``truth`` int64 [rows] are label indices; ``class_weights``
    float32 [classes] are those of the training.
    """
    rows, classes = logits.shape
    exact = logits.astype(np.float64)
    expected = -np.log(class_weights.astype(np.float64))
    one_hot = np.zeros((rows, classes))
    one_hot[np.arange(rows), truth] = 1.0

    def objective(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scaled, bias = exact / np.exp(parameters[0]), parameters[1:]
        log_probabilities = log_softmax(scaled + bias, axis=1)
        residual = np.exp(log_probabilities) - one_hot
        offset = bias - expected
        value = -(one_hot * log_probabilities).sum() + 0.5 * _PRIOR_PRECISION * (offset @ offset)
        slope = np.concatenate(
            [[-(residual * scaled).sum()], residual.sum(axis=0) + _PRIOR_PRECISION * offset]
        )
        return float(value) / rows, slope / rows

    held_out = set(truth.tolist())
    bounds = [
        (_MIN_LOG_TEMPERATURE, _MAX_LOG_TEMPERATURE),
        *(
            (None, None) if index in held_out else (bias, bias)
            for index, bias in enumerate(expected)
        ),
    ]
    start = np.concatenate([[0.0], expected])
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(np.exp(found[0])), found[1:]
