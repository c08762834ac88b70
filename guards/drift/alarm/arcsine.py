"""Shares on the arcsine scale h = 2·arcsin √p, which runs from 0 to π.

An observed share of n documents has a variance of about 1/n there, whatever the share
(Freeman and Tukey 1950), so that one shift means the same for rare and common values.
"""

from __future__ import annotations

from math import cos, sin
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["angle", "moved"]


def angle(shares: ArrayLike) -> Floats:
    """Return h = 2·arcsin √p of shares in [0, 1]."""
    return np.asarray(2 * np.arcsin(np.sqrt(shares)))


def moved(shares: Floats, by: float) -> tuple[Floats, Floats]:
    """Return the shares at h(p) + ``by``, and their complements; both NaN outside (0, π).

    Uses sin(x + y) = sin x cos y + cos x sin y with sin(h/2) = √p, so that a share near 1 keeps its
    complement's digits.
    """
    root, rest = np.sqrt(shares), np.sqrt(1 - shares)
    sine = root * cos(by / 2) + rest * sin(by / 2)
    cosine = rest * cos(by / 2) - root * sin(by / 2)
    inside = (sine > 0) & (cosine > 0)
    return np.where(inside, sine**2, np.nan), np.where(inside, cosine**2, np.nan)
