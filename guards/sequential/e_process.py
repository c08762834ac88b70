"""E-processes: evidence that is large only by chance with probability at most 1 / its size, ever.

All return natural logarithms. A null hypothesis is rejected at error alpha once its e-value has
reached 1/alpha (Ville 1939), and when to look may depend on everything before.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betainc, betaln, xlog1py, xlogy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["log_e_more_wins", "log_e_rates_differ"]

_PRIOR = 5.0
"""A Beta(5, 5) prior: reaches 20 soonest where six of ten discordant documents are wins."""

_HALF = 0.5


def log_e_more_wins(wins: ArrayLike, losses: ArrayLike) -> Floats:
    """Return the logarithm of an e-value against "a win is at most as probable as a loss".

    It mixes likelihood ratios over win probabilities above 1/2, each of which is a supermartingale
    under every probability up to 1/2:
    2^(w+l+1) B(a+w, a+l) / B(a, a) P(Beta(a+w, a+l) > 1/2) with a = 5.
    """
    wins, losses = (np.asarray(value, dtype=np.float64) for value in (wins, losses))
    won, lost = _PRIOR + wins, _PRIOR + losses
    with np.errstate(divide="ignore"):
        above = np.log(betainc(lost, won, _HALF))
    return np.asarray(
        (wins + losses + 1) * log(2) + betaln(won, lost) - betaln(_PRIOR, _PRIOR) + above
    )


def log_e_rates_differ(hits: ArrayLike, trials: ArrayLike, rate: float | None = None) -> float:
    """Return the logarithm of an e-value against "the rate of hits is the same in all strata".

    ``hits`` and ``trials`` are int64 [strata]. The numerator is a Beta(1/2, 1/2) mixture for each
    stratum, and the denominator the likelihood of the one ``rate``; where that is not known it is
    the largest over all rates (universal inference: Wasserman, Ramdas and Balakrishnan 2020), which
    costs power and never validity.
    """
    hits, trials = (np.asarray(value, dtype=np.float64) for value in (hits, trials))
    misses = trials - hits
    strata = betaln(_HALF + hits, _HALF + misses) - betaln(_HALF, _HALF)
    if rate is None:
        rate = float(hits.sum() / max(trials.sum(), 1))
    one_rate = xlogy(hits.sum(), rate) + xlog1py(misses.sum(), -rate)
    return float(strata.sum() - one_rate)
