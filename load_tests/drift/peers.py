"""Scores of single windows, with thresholds that err in one month of twenty.

What widely used monitors compute: the normalised Wasserstein distance (Evidently's default for
numbers beyond 1,000 rows), the Kolmogorov-Smirnov distance, and the Jensen-Shannon distance for
categories. Their own thresholds alarm in every month, so theirs are set here such that thirty
series together have an error of 5 % in 43,200 windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import rel_entr

from guards.drift.alarm.rule import ALPHA
from guards.sequential.starts import HORIZON_MINUTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from load_tests.drift.changes import Change

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Score = Callable[[Ints, Ints], Floats]

__all__ = ["REFERENCE_ROWS", "WATCHED", "peer_delays", "scores_for", "threshold"]

REFERENCE_ROWS = 20_000
WATCHED = 30

_REFERENCES = 20
_WINDOWS = 20_000
_TAIL = (1e-2, 1e-4)
_LONGEST = 20_000


def scores_for(change: Change) -> dict[str, Score]:
    """Return the scores by name: of reference counts [cells] and window counts [windows, cells]."""
    if change.positions is None:
        return {"Jensen-Shannon": _jensen_shannon}
    gaps = np.diff(change.positions)

    def wasserstein(reference: Ints, windows: Ints) -> Floats:
        return np.asarray(np.abs(_cumulative_difference(reference, windows))[:, :-1] @ gaps)

    return {"Wasserstein": wasserstein, "Kolmogorov-Smirnov": _kolmogorov_smirnov}


def threshold(score: Score, change: Change, documents: int, seed: int) -> float:
    """Return the score that is exceeded with probability .05 / (30 · 43,200) in a window.

    So rare a score is not simulated but extrapolated: 400,000 windows show the tail from 1 in 100
    to 1 in 10,000, where minus the logarithm of the probability is a quadratic function of the
    score, nearly.
    """
    rng = np.random.default_rng(seed)
    values = np.sort(
        np.concatenate(
            [
                score(
                    _reference(change, rng),
                    rng.multinomial(documents, change.before, size=_WINDOWS),
                )
                for _ in range(_REFERENCES)
            ]
        )
    )
    chances = np.geomspace(*_TAIL, 20)
    seen = values[np.floor((1 - chances) * values.size).astype(np.int64)]
    slope, intercept = np.polyfit(seen**2, -np.log(chances), 1)
    return float(np.sqrt((-np.log(ALPHA / (WATCHED * HORIZON_MINUTES)) - intercept) / slope))


def peer_delays(score: Score, limit: float, change: Change, documents: int, seeds: int) -> Floats:
    """Return after how many windows the score exceeds the limit, float64 [seeds]; inf if never."""
    delays = np.full(seeds, np.inf)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        reference = _reference(change, rng)
        windows = rng.multinomial(documents, change.after, size=_LONGEST)
        found = np.flatnonzero(score(reference, windows) > limit)
        if len(found):
            delays[seed] = found[0] + 1
    return delays


def _reference(change: Change, rng: np.random.Generator) -> Ints:
    return rng.multinomial(REFERENCE_ROWS, change.before)


def _cumulative_difference(reference: Ints, windows: Ints) -> Floats:
    """Return the differences of the distribution functions at the ordered cells' ends."""
    expected = np.cumsum(reference[:-2]) / reference[:-2].sum()
    observed = np.cumsum(windows[:, :-2], axis=1) / windows[:, :-2].sum(axis=1)[:, None]
    return np.asarray(observed - expected)


def _kolmogorov_smirnov(reference: Ints, windows: Ints) -> Floats:
    return np.asarray(np.abs(_cumulative_difference(reference, windows)).max(axis=1))


def _jensen_shannon(reference: Ints, windows: Ints) -> Floats:
    p, q = reference / reference.sum(), windows / windows.sum(axis=1)[:, None]
    middle = (p + q) / 2
    return np.asarray(
        np.sqrt((rel_entr(p, middle) + rel_entr(q, middle)).sum(axis=1) / (2 * np.log(2)))
    )
