"""The log loss of logits, part by part: a copy of all of them may be too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["MAX_LOG_TEMPERATURE", "log_loss", "parts_of"]

MAX_LOG_TEMPERATURE = float(np.log(20.0))
"""How far from 0 the logarithm of a temperature may be fitted."""

_MAX_PART = 2**18
"""How many logits are worked on at a time: 2 MB in float64, which stays in a processor's cache."""


def parts_of(logits: NDArray[np.float32]) -> Iterator[slice]:
    """Yield the rows of ``logits``, float32 [rows, classes], in parts of at least one row."""
    rows = max(1, _MAX_PART // logits.shape[1])
    for start in range(0, len(logits), rows):
        yield slice(start, start + rows)


def log_loss(
    logits: NDArray[np.float32],
    truth: NDArray[np.int64],
    scale: float,
    bias: NDArray[np.float64] | float = 0.0,
) -> float:
    """Return the log loss of ``softmax(logits * scale + bias)``, summed over the rows, in float64.

    ``logits`` float32 [rows, classes]; ``truth`` int64 [rows] are label indices; ``bias`` float64
    [classes].
    """
    total = 0.0
    for part in parts_of(logits):
        scaled = logits[part].astype(np.float64) * scale + bias
        chosen = scaled[np.arange(len(scaled)), truth[part]]
        total += float((logsumexp(scaled, axis=1) - chosen).sum())
    return total
