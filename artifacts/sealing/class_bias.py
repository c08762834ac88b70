"""Fit a temperature and a bias for each class, after a training that weighed the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from artifacts.sealing.log_loss import MAX_LOG_TEMPERATURE, parts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_class_bias"]

_PRIOR_PRECISION = 0.1
"""The inverse of the variance: a class with a few rows is already fitted by them."""

_TOLERANCE = 1e-4
"""Of the slope of the summed loss, with parameters in about their standard errors."""


def fit_class_bias(
    logits: NDArray[np.float32], truth: NDArray[np.int64], class_weights: NDArray[np.float32]
) -> tuple[float, NDArray[np.float64]]:
    """Return the temperature T and the biases b, float64 [classes], that calibrate ``logits``.

    A loss that is weighted by w teaches the probabilities of rows drawn in proportion to w. Those
    of rows as they come are ``softmax(logits / T + b)`` with b = -log w (Elkan 2001, theorem 2).
    T and b are fitted to the held-out rows around that: they minimise the log loss, summed over
    the rows, plus (log T)²/2, the prior of ``fit_temperature``, plus 0.05 Σ (b + log w)², a normal
    prior of variance 10, which only counts for classes with hardly a row. The bias of a class
    without any stays at -log w.

    ``logits`` float32 [rows, classes]; ``truth`` int64 [rows] are label indices; ``class_weights``
    float32 [classes] are those of the training.
    """
    rows, classes = logits.shape
    counts = np.bincount(truth, minlength=classes)
    start = np.concatenate([[0.0], -np.log(class_weights.astype(np.float64))])
    precision = np.concatenate([[1.0], np.full(classes, _PRIOR_PRECISION)])
    # In about their standard errors, the parameters of frequent and of rare classes are alike, and
    # a few dozen steps are enough.
    units = 1.0 / np.sqrt(np.concatenate([[rows], counts]) + precision)

    def penalised_loss(steps: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        offset = steps * units
        found = start + offset
        loss, slope = _log_loss_and_slope(logits, truth, np.exp(-found[0]), found[1:])
        loss += 0.5 * float(precision @ offset**2)
        return loss, (slope + precision * offset) * units

    farthest = np.concatenate([[MAX_LOG_TEMPERATURE], np.where(counts > 0, np.inf, 0.0)]) / units
    minimum = minimize(
        penalised_loss,
        np.zeros(1 + classes),
        jac=True,
        method="L-BFGS-B",
        bounds=[*zip(-farthest, farthest, strict=True)],
        options={"gtol": _TOLERANCE},
    )
    found = start + minimum.x * units
    return float(np.exp(found[0])), found[1:]


def _log_loss_and_slope(
    logits: NDArray[np.float32], truth: NDArray[np.int64], scale: float, bias: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return the summed log loss of ``softmax(logits * scale + bias)``, and its gradient.

    The gradient, float64 [1 + classes], is by log T = -log ``scale`` and by the biases.
    """
    loss, slope = 0.0, np.zeros(1 + len(bias))
    for part in parts_of(logits):
        scaled = logits[part].astype(np.float64) * scale
        shifted = scaled + bias
        shifted -= shifted.max(axis=1, keepdims=True)
        true = (np.arange(len(shifted)), truth[part])
        chosen = shifted[true]
        residual = np.exp(shifted, out=shifted)
        totals = residual.sum(axis=1)
        residual /= totals[:, np.newaxis]
        residual[true] -= 1.0
        loss += float((np.log(totals) - chosen).sum())
        slope[0] -= np.vdot(residual, scaled)
        slope[1:] += residual.sum(axis=0)
    return loss, slope
