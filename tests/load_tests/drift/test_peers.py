"""Peers' scores against SciPy's, and their recalibrated thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from load_tests.drift.changes import CHANGES, category, numeric
from load_tests.drift.peers import peer_delays, scores_for, threshold

RNG = np.random.default_rng(1)


def test_scores_are_those_of_scipy() -> None:
    """Wasserstein and Kolmogorov-Smirnov over the cells' middles, and Jensen-Shannon."""
    ordered, categorical = numeric(0.2), category(0.2, 0.1)
    reference, window = (RNG.multinomial(n, ordered.before) for n in (20_000, 1000))
    middles, cells = ordered.positions, (reference[:-2], window[:-2])
    assert middles is not None

    scores = {name: s(reference, window[None])[0] for name, s in scores_for(ordered).items()}

    before, now = (np.repeat(middles, counts) for counts in cells)
    assert scores["Wasserstein"] == pytest.approx(stats.wasserstein_distance(before, now))
    assert scores["Kolmogorov-Smirnov"] == pytest.approx(stats.ks_2samp(before, now).statistic)
    reference, window = (RNG.multinomial(n, categorical.before) for n in (20_000, 1000))
    (score,) = scores_for(categorical).values()
    expected = jensenshannon(reference, window, base=2)
    assert score(reference, window[None])[0] == pytest.approx(expected)


def test_a_recalibrated_threshold_is_that_of_the_distribution() -> None:
    """The Kolmogorov-Smirnov distance's is near its known tail, exp(-2·D²·n·m/(n + m))·2."""
    change = CHANGES[3]
    score = scores_for(change)["Kolmogorov-Smirnov"]

    limit = threshold(score, change, 1000, seed=1)

    chance = 0.05 / (30 * 43_200)
    known = np.sqrt(np.log(2 / chance) / 2 * (1 / 1000 + 1 / 20_000))
    assert limit == pytest.approx(known, rel=0.1)


def test_a_large_change_is_found_at_once() -> None:
    """Half a deviation in a thousand documents is beyond any threshold of chance."""
    change = numeric(0.5)
    score = scores_for(change)["Wasserstein"]

    assert peer_delays(score, 0.2, change, 1000, seeds=3).tolist() == [1, 1, 1]
    assert peer_delays(score, 9.0, change, 1000, seeds=1).tolist() == [np.inf]
