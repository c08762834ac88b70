"""Confidence sequences: intervals that cover at all times at once with a given probability.

The mean of bounded values has the gamma-exponential mixture of Howard, Ramdas, McAuliffe and Sekhon
(2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences", theorem 4 and proposition
9), centred at 0, so that it needs only the number, sum and sum of squares of the values. It covers
the running mean of their conditional means, and independence is not assumed. A rate has the
Beta(1/2, 1/2) mixture of binomial likelihoods (Robbins 1970).
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betainc, betaln, gammainc, gammaln, xlog1py, xlogy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["log_e_mean", "log_e_rate", "log_e_rate_below", "radius", "rate_below", "rate_interval"]

_RHO = 4.7
"""The bound is tightest about where the sum of squares, in units of the scale, is a few times it:
half-widths .027, .0118 and .0052 after 500, 2,000 and 10,000 values of standard deviation .15."""

_LOG_NORMALISER = _RHO * log(_RHO) - float(gammaln(_RHO)) - log(gammainc(_RHO, _RHO))

_HALVINGS = 60
_HALF = 0.5


def log_e_mean(excess: ArrayLike, squares: ArrayLike, scale: ArrayLike = 1.0) -> Floats:
    """Return the logarithm of an e-value against "the mean is at most m".

    ``excess`` is the sum of the values minus m times their number, and ``squares`` the sum of their
    squares. No value may be below -``scale``. The arguments are broadcast against each other; a
    mean that is at least m is tested with the negative values.
    """
    scale = np.asarray(scale, dtype=np.float64)
    return _log_mixture(np.asarray(excess) / scale, np.asarray(squares) / scale**2)


def radius(squares: ArrayLike, alpha: ArrayLike, scale: ArrayLike = 1.0) -> Floats:
    """Return how far a sum may be above its expectation, at error ``alpha`` on this one side.

    Divided by the number of values it is the half-width of an interval with error 2 ``alpha``.
    ``squares`` is the sum of the squares of values that are at least -``scale``.
    """
    scale = np.asarray(scale, dtype=np.float64)
    variance, limit = np.broadcast_arrays(np.asarray(squares) / scale**2, -np.log(alpha))
    high = np.ones_like(variance)
    while (beyond := _log_mixture(high, variance) < limit).any():
        high = np.where(beyond, 2 * high, high)
    return scale * _root(lambda total: _log_mixture(total, variance) - limit, 0 * high, high)


def log_e_rate(hits: ArrayLike, trials: ArrayLike, rate: ArrayLike) -> Floats:
    """Return the logarithm of an e-value against "each trial is a hit with this ``rate``".

    It is also one against every rate on the far side of ``rate``, seen from ``hits / trials``.
    """
    hits, trials, rate = (np.asarray(value, dtype=np.float64) for value in (hits, trials, rate))
    misses = trials - hits
    mixture = betaln(_HALF + hits, _HALF + misses) - betaln(_HALF, _HALF)
    return np.asarray(mixture - xlogy(hits, rate) - xlog1py(misses, -rate))


def log_e_rate_below(hits: ArrayLike, trials: ArrayLike, rate: ArrayLike) -> Floats:
    """Return the logarithm of an e-value against "each trial is a hit with ``rate`` or more".

    The mixture of ``log_e_rate``, over rates below ``rate`` alone: each of their likelihood ratios
    is a supermartingale under every larger rate. For a rate that is no larger give the misses.
    """
    hits, trials, rate = (np.asarray(value, dtype=np.float64) for value in (hits, trials, rate))
    misses = trials - hits
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.log(betainc(_HALF + hits, _HALF + misses, rate))
        part = part - np.log(betainc(_HALF, _HALF, rate))
    # Below the smallest rates there is none, and nothing is shown.
    return np.where(np.isnan(part), -np.inf, log_e_rate(hits, trials, rate) + part)


def rate_below(hits: ArrayLike, trials: ArrayLike, alpha: ArrayLike) -> Floats:
    """Return an upper bound of a rate with error ``alpha``: where ``log_e_rate_below`` shows it."""
    hits, trials, limit = np.broadcast_arrays(
        np.asarray(hits, dtype=np.float64), np.asarray(trials, dtype=np.float64), -np.log(alpha)
    )
    observed = np.where(trials > 0, hits / np.maximum(trials, 1), 1.0)
    bound = _root(lambda rate: log_e_rate_below(hits, trials, rate) - limit, observed, 0 * hits + 1)
    return np.where(hits < trials, bound, 1.0)


def rate_interval(hits: ArrayLike, trials: ArrayLike, alpha: ArrayLike) -> tuple[Floats, Floats]:
    """Return lower and upper bound of a rate; both hold at once with error ``alpha``."""
    hits, trials, limit = np.broadcast_arrays(
        np.asarray(hits, dtype=np.float64), np.asarray(trials, dtype=np.float64), -np.log(alpha)
    )
    observed = np.where(trials > 0, hits / np.maximum(trials, 1), _HALF)

    def within(rate: Floats) -> Floats:
        return limit - log_e_rate(hits, trials, rate)

    low = _root(within, np.zeros_like(observed), observed)
    high = 1 - _root(lambda rest: within(1 - rest), np.zeros_like(observed), 1 - observed)
    return np.where(hits > 0, low, 0.0), np.where(hits < trials, high, 1.0)


def _log_mixture(total: Floats, variance: Floats) -> Floats:
    """Return log m(s, v) of proposition 9 for c = 1; -inf, which is less, for the lowest sums."""
    shape, point = variance + _RHO, total + variance + _RHO
    reached = np.where(point > 0, point, 1.0)
    with np.errstate(divide="ignore"):
        mixture = gammaln(shape) + np.log(gammainc(shape, reached)) - xlogy(shape, reached)
    return np.where(point > 0, _LOG_NORMALISER + mixture + total + variance, -np.inf)


def _root(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Return where an increasing function changes its sign, by bisection."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = function(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high
