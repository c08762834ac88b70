"""E-values of one window: how its counts speak against the reference, without any before them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

from guards.drift.alarm.arcsine import moved
from guards.drift.alarm.bank import Bank
from guards.drift.alarm.evidence import SHIFTS
from guards.drift.measures import EFFECT_FLOOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from guards.drift.alarm.series import SeriesReference

    Ints = NDArray[np.int64]

__all__ = ["WindowEvidence"]

_SIDES = 2


class WindowEvidence:
    """Computes the e-values of windows of several series at once.

    An e-value is that of ``guards.drift.alarm.evidence`` for counts since a start, which are here
    those of the window. All that depends on the reference alone is computed once. References by
    hour are taken as the sum of their hours.
    """

    def __init__(self, series: Mapping[str, SeriesReference], floor: float = EFFECT_FLOOR) -> None:
        """Prepare the null and alternative shares of every split."""
        self._names = tuple(series)
        self._bank = Bank(tuple(series.values()))
        nothing = self._bank.observed(np.zeros((1, self._bank.width)))
        rows = nothing.rows[0, self._bank.series]
        places = [side * (floor + shift) for side in (1, -1) for shift in (0, *SHIFTS)]
        shares = np.array([moved(nothing.shares[0], place) for place in places])
        shares[len(places) // _SIDES :, :, self._bank.one_sided] = np.nan
        self._hits, self._misses = rows * shares[:, 0], rows * shares[:, 1]
        self._before = gammaln(self._hits) + gammaln(self._misses)
        self._first = np.array([columns[0] for columns in self._bank.columns])
        present = ~np.isnan(self._ratios(self._before))
        self._terms = np.add.reduceat(present.sum(axis=0), self._first)

    def e_values(self, counts: Mapping[str, Ints]) -> dict[str, float]:
        """Return the e-value of each series, at most the largest double.

        That of a series without any split is 1. ``counts`` are int64 [cells + 2] by series, of
        every one.
        """
        vector = self._bank.vector([counts[name] for name in self._names], 0)
        observed = self._bank.observed(vector[np.newaxis])
        hits = observed.successes[0]
        misses = observed.documents[0, self._bank.series] - hits
        after = gammaln(self._hits + hits) + gammaln(self._misses + misses)
        terms = np.nan_to_num(self._ratios(after - self._before), nan=-np.inf)
        known = self._terms > 0
        largest = np.where(known, np.maximum.reduceat(terms.max(axis=0), self._first), 0)
        parts = np.exp(terms - largest[self._bank.series]).sum(axis=0)
        means = np.add.reduceat(parts, self._first) / np.maximum(self._terms, 1)
        logarithms = largest + np.log(np.where(known, means, 1))
        e_values = np.exp(np.minimum(logarithms, np.log(sys.float_info.max)))
        return dict(zip(self._names, e_values.tolist(), strict=True))

    def _ratios(self, likelihoods: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return alternatives against nulls, [10, splits], of logarithms [12, splits]."""
        sides = likelihoods.reshape(_SIDES, -1, likelihoods.shape[-1])
        return np.asarray(sides[:, 1:] - sides[:, :1]).reshape(-1, likelihoods.shape[-1])
