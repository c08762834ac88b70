"""The figures of the held-out rows after an epoch, calibrated as they would be sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import f1_score

from artifacts.sealing.calibrate import fit_temperature
from artifacts.sealing.class_bias import fit_class_bias
from artifacts.sealing.log_loss import log_loss, parts_of
from guards.errors import CallError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["held_out_figures"]


def held_out_figures(
    logits: NDArray[np.float32], truth: NDArray[np.int64], weights: NDArray[np.float32] | None
) -> dict[str, float]:
    """Return ``log_loss`` (mean) and ``f1`` (macro average) of calibrated answers.

    ``logits`` float32 [rows, classes]; ``truth`` int64 [rows] are label indices; ``weights``
    float32 [classes] are those of the loss, None for one each. Raises ``CallError`` where the
    logits are not finite.
    """
    if not all(np.isfinite(logits[part]).all() for part in parts_of(logits)):
        message = "the training diverged: the outputs of the network are no longer finite numbers"
        raise CallError(message)
    bias: NDArray[np.float64] | float = 0.0
    if weights is None:
        temperature = fit_temperature(logits, truth)
    else:
        temperature, bias = fit_class_bias(logits, truth, weights)
    answers = [(logits[part] / temperature + bias).argmax(axis=1) for part in parts_of(logits)]
    f1 = f1_score(truth, np.concatenate(answers), average="macro", zero_division=0.0)
    return {
        "log_loss": log_loss(logits, truth, 1.0 / temperature, bias) / len(truth),
        "f1": float(f1),
    }
