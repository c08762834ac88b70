"""Evidence as e-values: against numerical integration, another library, and direct maximisation."""

from __future__ import annotations

from math import exp, inf, log
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats
from ville import BernoulliTest

from guards.sequential.e_process import log_e_more_wins, log_e_rates_differ

if TYPE_CHECKING:
    from random import Random

COUNTS = st.integers(0, 400)
STRATA = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=8)


def mixture(wins: int, losses: int) -> float:
    """Integrate the likelihood ratio over a Beta(5, 5) prior on the win probabilities above 1/2."""

    def ratio(q: float) -> float:
        return float(
            exp(wins * log(2 * q) + losses * log(2 * (1 - q))) * 2 * stats.beta(5, 5).pdf(q)
        )

    most = min(max(wins / max(wins + losses, 1), 0.5), 0.999)
    return float(integrate.quad(ratio, 0.5, 1, points=[most], epsabs=0, epsrel=1e-10, limit=200)[0])


@pytest.mark.parametrize(
    ("wins", "losses"), [(0, 0), (1, 0), (0, 1), (8, 2), (2, 8), (65, 35), (300, 250), (40, 90)]
)
def test_more_wins_is_the_mixture_of_likelihood_ratios(wins: int, losses: int) -> None:
    """The closed form is the integral, whoever wins."""
    assert exp(log_e_more_wins(wins, losses)) == pytest.approx(mixture(wins, losses), rel=1e-8)


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_two_sides_together_are_the_test_of_another_library(won: list[bool]) -> None:
    """The mean of the evidence for either side is the two-sided test with the same prior."""
    wins, losses = sum(won), len(won) - sum(won)
    both = np.logaddexp(log_e_more_wins(wins, losses), log_e_more_wins(losses, wins)) - log(2)
    oracle = BernoulliTest(p0=0.5, prior=(5, 5)).fit(np.array(won, dtype=np.float64))
    assert both == pytest.approx(oracle.log_e_values_[-1], abs=1e-9)


@given(COUNTS, COUNTS)
def test_a_win_adds_evidence_and_a_loss_takes_some(wins: int, losses: int) -> None:
    """Whatever the counts are, the next document moves the evidence the way that it should."""
    here = log_e_more_wins(wins, losses)
    assert log_e_more_wins(wins + 1, losses) > here > log_e_more_wins(wins, losses + 1)


@given(COUNTS, COUNTS)
def test_a_fair_coin_adds_nothing_on_average(wins: int, losses: int) -> None:
    """At even odds the expected evidence after a document is at most that before it."""
    after = np.logaddexp(log_e_more_wins(wins + 1, losses), log_e_more_wins(wins, losses + 1))
    assert after - log(2) <= log_e_more_wins(wins, losses) + 1e-9


def test_no_documents_are_no_evidence() -> None:
    """Nothing has been seen, and the e-value is 1; arrays are broadcast."""
    assert log_e_more_wins(0, 0) == pytest.approx(0)
    assert log_e_more_wins(np.arange(4)[:, None], np.arange(3)).shape == (4, 3)
    assert log_e_more_wins(7, np.arange(3))[2] == log_e_more_wins(7, 2)


def test_many_documents_overflow_into_nothing_that_misleads() -> None:
    """A million wins are overwhelming, a million losses no evidence at all."""
    evidence = log_e_more_wins([10**6, 0, 10**6], [0, 10**6, 10**6])
    assert evidence[0] == pytest.approx(10**6 * log(2), rel=1e-3)
    assert evidence[1] < 0
    assert -10 < evidence[2] < 0
    assert not np.isnan(evidence).any()


def differ(strata: list[tuple[int, int]], rate: float) -> float:
    """Multiply beta-binomials of the strata, without their coefficients, and divide by one rate."""
    total = 0.0
    for hits, misses in strata:
        one = stats.betabinom(hits + misses, 0.5, 0.5).logpmf(hits)
        total += float(one) - float(stats.binom(hits + misses, rate).logpmf(hits))
    return total


@given(STRATA, st.floats(0.01, 0.99))
def test_a_known_rate_is_tested_by_beta_binomials(
    strata: list[tuple[int, int]], rate: float
) -> None:
    """Each stratum adds its own log ratio."""
    hits, trials = [hit for hit, _ in strata], [hit + miss for hit, miss in strata]
    expected = differ(strata, rate)
    assert log_e_rates_differ(hits, trials, rate) == pytest.approx(expected, abs=1e-7)


@given(STRATA)
def test_an_unknown_rate_is_the_one_that_explains_most(strata: list[tuple[int, int]]) -> None:
    """The evidence is the smallest over all rates, found by a numerical search."""
    hits, trials = [hit for hit, _ in strata], [hit + miss for hit, miss in strata]
    hit, missed = sum(hits), sum(trials) - sum(hits)
    found = optimize.minimize_scalar(
        lambda logit: -hit * special.log_expit(logit) - missed * special.log_expit(-logit),
        bounds=(-12, 12),
        method="bounded",
        options={"xatol": 1e-9},
    )
    expected = differ(strata, float(special.expit(found.x)))
    assert log_e_rates_differ(hits, trials) == pytest.approx(expected, abs=2e-3)
    assert log_e_rates_differ(hits, trials) <= differ(strata, 0.5) + 1e-9


@given(STRATA, st.randoms(use_true_random=False))
def test_neither_order_nor_names_of_the_two_outcomes_matter(
    strata: list[tuple[int, int]], random: Random
) -> None:
    """Shuffled strata, and hits that are called misses, give the same evidence."""
    shuffled = list(strata)
    random.shuffle(shuffled)
    evidence = log_e_rates_differ([h for h, _ in strata], [h + m for h, m in strata])
    mirrored = log_e_rates_differ([m for _, m in shuffled], [h + m for h, m in shuffled])
    assert mirrored == pytest.approx(evidence, abs=1e-8)


def test_strata_that_differ_are_found_and_equal_ones_are_not() -> None:
    """One stratum in which most are hits is overwhelming; equal rates, however many, are not."""
    assert log_e_rates_differ([9, 1, 1], [10, 100, 100]) > log(1000)
    assert log_e_rates_differ([10**5] * 3, [10**6] * 3) < 0
    assert log_e_rates_differ([0, 0], [10**9, 5]) < 0
    assert log_e_rates_differ([], []) == 0
    assert log_e_rates_differ([0, 3], [0, 3]) <= 0
    assert log_e_rates_differ([1], [1], 0.0) == inf
