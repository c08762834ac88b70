"""The mean effect of a word or a column on answers, and whether it differs between two periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.blocks import interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]

__all__ = ["MIN_DOCUMENTS", "MeanEffect", "difference_p_value", "mean_effect"]

MIN_DOCUMENTS = 5
"""Means over fewer documents say nothing, and words of fewer would tell of single documents."""

_BOOTSTRAPS = 1_000
_MAX_PERMUTATIONS = 20_000
_BATCH = 500
_MAX_HITS = 100
"""A p-value needs no more permutations than those that reach the observed difference so often."""


@dataclass(frozen=True, slots=True)
class MeanEffect:
    """The mean of an effect over documents, with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> JsonObject:
        """Return it as plain JSON, rounded to six digits."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {name: round(number, 6) for name, number in numbers.items()}


def mean_effect(effects: Floats, generator: np.random.Generator) -> MeanEffect:
    """Return the mean of effects float64 [documents], of two documents or more.

    The interval is the bootstrap's, over documents. Deviations are widened by √(n / (n - 1)),
    because n documents vary less around their own mean than around that of all there could be
    (Davison and Hinkley 1997, section 2.3).
    """
    number = len(effects)
    mean = float(effects.mean())
    drawn = effects[generator.integers(number, size=(_BOOTSTRAPS, number))].mean(axis=1)
    low, high = interval(mean + (drawn - mean) * np.sqrt(number / (number - 1)))
    return MeanEffect(mean, low, high)


def difference_p_value(first: Floats, second: Floats, generator: np.random.Generator) -> float:
    """Return how often documents that were exchanged between periods differ as much in the mean.

    Both are float64 [documents], of two documents or more. The difference is divided by its
    standard error, so that the test holds where only the spreads differ, too (Janssen 1997,
    "Studentized permutation tests for non-i.i.d. hypotheses").
    Permutations end when 100 reached the observed one, which keeps the p-value valid (Besag and
    Clifford 1991, "Sequential Monte Carlo p-values"), or after 20,000.
    """
    both = np.concatenate([first, second])
    observed = _studentised(first[None], second[None])[0] * (1 - 1e-9)
    hits = 0
    for done in range(0, _MAX_PERMUTATIONS, _BATCH):
        permuted = generator.permuted(np.tile(both, (_BATCH, 1)), axis=1)
        reached = _studentised(permuted[:, : len(first)], permuted[:, len(first) :]) >= observed
        counts = hits + np.cumsum(reached)
        if counts[-1] >= _MAX_HITS:
            return float(_MAX_HITS / (done + 1 + np.argmax(counts >= _MAX_HITS)))
        hits = int(counts[-1])
    return (hits + 1) / (_MAX_PERMUTATIONS + 1)


def _studentised(first: Floats, second: Floats) -> Floats:
    """Return |t| of Welch by row, float64 [rows]."""
    variances = (side.var(axis=1, ddof=1) / side.shape[1] for side in (first, second))
    error = np.sqrt(sum(variances))
    difference = np.abs(first.mean(axis=1) - second.mean(axis=1))
    return np.asarray(difference / np.maximum(error, np.finfo(float).tiny))
