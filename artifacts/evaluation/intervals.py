"""95 % intervals of shares that hold for few rows, and for rows that are all alike.

A bootstrap of rows that are all right has nothing to resample. These intervals are computed from
counts instead, and need memory for the counts alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Z", "gain_interval", "share_interval"]

_TAIL = 0.025

Z = 1.959964
"""The quantile of the normal distribution that leaves ``_TAIL`` above it."""


def share_interval(
    hits: ArrayLike, trials: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper end of the exact interval of each share.

    ``hits`` and ``trials`` are whole numbers of one shape. The interval holds the true share with
    at least 95 % probability whatever it is (Clopper and Pearson 1934); it is 0 to 1 without a
    trial.
    """
    hits = np.asarray(hits, dtype=np.float64)
    misses = np.asarray(trials, dtype=np.float64) - hits
    # A quantile of Beta(0, ·) or Beta(·, 0) is not defined; the end of the interval is 0 or 1.
    low = np.where(hits > 0, betaincinv(np.maximum(hits, 1), misses + 1, _TAIL), 0.0)
    high = np.where(misses > 0, betaincinv(hits + 1, np.maximum(misses, 1), 1 - _TAIL), 1.0)
    return low, high


def gain_interval(won: int, lost: int, rows: int) -> tuple[float, float]:
    """Return the interval of (``won`` - ``lost``) / ``rows``, counted on the same rows.

    The intervals of the two shares are combined by the square-and-add method with the correlation
    of multinomial counts (Zou and Donner 2008, "Construction of confidence limits about effect
    measures", eq. 6 with its extension to dependent estimates).
    """
    shares = np.array([won, lost]) / rows
    low, high = share_interval([won, lost], [rows, rows])
    down, up = shares - low, high - shares
    # The correlation is negative, so that a difference varies more than with independent shares.
    correlation = min(1.0, np.sqrt(np.prod(shares / np.maximum(1 - shares, 1 / rows))))
    below = np.sqrt(down[0] ** 2 + up[1] ** 2 + 2 * correlation * down[0] * up[1])
    above = np.sqrt(up[0] ** 2 + down[1] ** 2 + 2 * correlation * up[0] * down[1])
    gain = shares[0] - shares[1]
    return max(-1.0, float(gain - below)), min(1.0, float(gain + above))
