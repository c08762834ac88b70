"""How fast a figure grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import theilslopes

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Trend", "trend"]

_LEVEL = 0.95
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Trend:
    """A slope in units an hour, and its 95 % interval from ``low`` to ``high``."""

    per_hour: float
    low: float
    high: float


def trend(elapsed_s: Sequence[float], values: Sequence[float]) -> Trend:
    """Return the median of the slopes between all pairs of two values or more, and its interval.

    A few outliers do not move it (Theil, 1950; Sen, 1968). The interval takes deviations for
    independent: that of a figure which wanders, as memory does, is too narrow.
    """
    hours = np.array(elapsed_s) / _HOUR_S
    slope = theilslopes(np.array(values), hours, alpha=_LEVEL)
    return Trend(float(slope.slope), float(slope.low_slope), float(slope.high_slope))
