"""The e-value of what was counted since one start, and a cheap upper bound of it.

A split with y of N documents is compared with its reference share p known from M rows. With
h = 2·arcsin √p the null hypothesis lies at h(p) ± floor, and alternatives at h(p) ± (floor + d).
Each term is a ratio of beta-binomial probabilities with the parameters M·p and M·(1 - p), so that
the reference's own sampling error is inside the test, and the e-value is the average over splits,
sides and alternatives. Nulls and alternatives outside (0, π) are left out: which ones those are
depends on the reference alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln, logsumexp

from guards.drift.alarm.arcsine import moved

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

__all__ = ["SHIFTS", "Bound", "Sample", "log_terms", "mean_term"]

SHIFTS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Alternatives beyond the floor, on the arcsine scale."""

_SIDES = (1, -1)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was counted of one series since one start, and its reference.

    ``successes`` of ``documents`` documents are in each split, float64 [splits]; the reference has
    ``shares``, float64 [splits], known from ``rows`` rows. ``one_sided`` splits, bool [splits], are
    tested upward alone.
    """

    successes: Floats
    documents: float
    shares: Floats
    rows: float
    one_sided: Bools


def log_terms(sample: Sample, floor: float) -> Floats:
    """Return the logarithm of every likelihood ratio, float64 [2 sides, 5 shifts, splits].

    The upper side comes first. Terms that are left out are NaN.
    """
    terms = np.array(
        [
            [
                # The binomial coefficient and lnΓ(N + M) are the same above and below the line.
                _log_likelihood(sample, side * (floor + shift))
                - _log_likelihood(sample, side * floor)
                for shift in SHIFTS
            ]
            for side in _SIDES
        ]
    )
    terms[1][:, sample.one_sided] = np.nan
    return terms


def mean_term(terms: Floats) -> float:
    """Return the logarithm of the average of all terms that are there; -inf without any."""
    present = terms[~np.isnan(terms)]
    if not present.size:
        return -np.inf
    return float(logsumexp(present)) - float(np.log(present.size))


def _log_likelihood(sample: Sample, by: float) -> Floats:
    share, rest = moved(sample.shares, by)
    hit, miss = sample.rows * share, sample.rows * rest
    failures = sample.documents - sample.successes
    return np.asarray(
        gammaln(sample.successes + hit) - gammaln(hit) + gammaln(failures + miss) - gammaln(miss)
    )


@dataclass(frozen=True, slots=True)
class Bound:
    """An upper bound of the largest term of each split, without any logarithm of the counts.

    With the ratio written as ∫ [ψ(y + Mu) - ψ(Mu)] - [ψ(N - y + M(1 - u)) - ψ(M(1 - u))] M du
    over u from the null share q to that of the alternative, log x - 1/x < ψ(x) and
    ψ(x) > log x - 1/(2x) - 1/(12x²), which make ψ a logarithm up to a term that does not depend
    on the counts, log x ≤ x - 1 and the concavity of x / (a + x) bound it, for
    s = y/N > q and D = s - q, by

        N·D² / (q·(2·(1 + N/M)·(1 - s) + D)) + correction,

    a χ² statistic nearly, and by the correction alone for s ≤ q. The lower side is the upper one of
    the complement. Arrays are float64 and broadcast to [levels, splits]; NaN where there is no null
    share on a side.
    """

    upper: Floats
    lower: Floats
    upper_correction: Floats
    lower_correction: Floats
    rows: Floats

    @classmethod
    def of(cls, shares: Floats, rows: Floats, floor: float, one_sided: Bools) -> Bound:
        """Prepare the bound for reference shares and rows that broadcast to [levels, splits]."""
        upper, _ = moved(shares, floor)
        # The complement of a lower null is an upper null of the complement.
        lower, _ = moved(1 - shares, floor)
        lower = np.where(one_sided, np.nan, lower)
        return cls(upper, lower, _correction(upper, rows), _correction(lower, rows), rows)

    def reaches(self, successes: Floats, documents: Floats, needed: Floats) -> Bools:
        """Return whether a term may be ``needed`` (a logarithm) or larger, bool [levels, splits].

        ``successes`` is [levels, splits]; the others broadcast to it. Without documents no.
        """
        share = successes / np.maximum(documents, 1)
        spread = 2 * (1 + documents / self.rows)
        return _reaches(
            share, documents, spread, self.upper, needed - self.upper_correction
        ) | _reaches(1 - share, documents, spread, self.lower, needed - self.lower_correction)


def _correction(null: Floats, rows: Floats) -> Floats:
    """Bound ∫ (log x - ψ(x)) du for x = Mu from the null share to 1, in two ways."""
    return np.minimum(1 / (12 * rows * null) - np.log(null) / 2, -np.log(null))


def _reaches(
    share: Floats, documents: Floats, spread: Floats, null: Floats, needed: Floats
) -> Bools:
    beyond = np.maximum(share - null, 0)
    return np.asarray(documents * beyond**2 >= needed * null * (spread * (1 - share) + beyond))
