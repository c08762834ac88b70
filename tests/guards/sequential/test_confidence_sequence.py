"""Confidence sequences: against numerical integration and scipy, and against their own e-values."""

from __future__ import annotations

from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from guards.sequential.confidence_sequence import (
    log_e_mean,
    log_e_rate,
    log_e_rate_below,
    radius,
    rate_below,
    rate_interval,
)

RHO = 4.7
ALPHAS = st.floats(1e-4, 0.5)
SCALES = st.floats(0.1, 10)


def gamma_mixture(excess: float, squares: float, scale: float) -> float:
    """Integrate exp(λ s - ψ(λ) v) over proposition 9's truncated gamma density of λ.

    In units of the scale, 1 - λ has a gamma density of shape and rate 4.7, cut off at 1, and ψ(λ)
    is -log(1 - λ) - λ.
    """
    total, variance = excess / scale, squares / scale**2
    density = stats.gamma(RHO, scale=1 / RHO)

    def integrand(rest: float) -> float:
        exponent = (1 - rest) * total + (log(rest) + 1 - rest) * variance
        return float(exp(exponent) * density.pdf(rest) / density.cdf(1))

    most = (variance + RHO) / max(total + variance + RHO, 1e-9)
    points = [most] if most < 1 else None
    return float(
        integrate.quad(integrand, 0, 1, points=points, epsabs=0, epsrel=1e-10, limit=400)[0]
    )


@pytest.mark.parametrize("scale", [1.0, 0.5, 4.0])
@pytest.mark.parametrize(
    ("excess", "squares"),
    [(0, 0), (0, 10), (3, 2), (-3, 2), (12, 20), (40, 300), (-20, 300), (0.01, 1e-4), (-1e-9, 0)],
)
def test_the_mean_is_tested_by_the_gamma_mixture(
    excess: float, squares: float, scale: float
) -> None:
    """The closed form is the integral, in any units."""
    closed = exp(log_e_mean(excess, squares, scale))
    assert closed == pytest.approx(gamma_mixture(excess, squares, scale), rel=1e-7)


@pytest.mark.parametrize(("documents", "width"), [(500, 0.027), (2000, 0.0118), (10_000, 0.0052)])
def test_half_widths_are_those_that_are_documented(documents: int, width: float) -> None:
    """At a standard deviation of .15 and an error of .05 on both sides together."""
    half = float(radius(documents * 0.15**2, 0.025)) / documents
    assert half == pytest.approx(width, rel=0.02)


@given(st.floats(0, 1e8), ALPHAS, SCALES)
def test_the_radius_is_where_the_evidence_is_enough(
    squares: float, alpha: float, scale: float
) -> None:
    """A sum at the radius brings the evidence 1 / alpha, a smaller one less."""
    at = float(radius(squares, alpha, scale))
    assert at > 0
    # Of a hundred million squares the terms are so large that the eighth digit is lost.
    assert log_e_mean(at, squares, scale) == pytest.approx(-log(alpha), abs=1e-5)
    assert log_e_mean(0.99 * at, squares, scale) < -log(alpha)


@given(st.floats(-50, 50), st.floats(0.01, 50), st.floats(0, 500))
def test_evidence_grows_with_the_sum(excess: float, more: float, squares: float) -> None:
    """A larger sum is never less evidence that the mean is larger."""
    assert log_e_mean(excess + more, squares) >= log_e_mean(excess, squares)


@given(st.floats(0, 1e4), st.floats(0.01, 1e4), ALPHAS)
def test_more_spread_and_less_error_need_a_larger_radius(
    squares: float, more: float, alpha: float
) -> None:
    """Neither noise nor a stricter error makes an interval narrower."""
    assert radius(squares + more, alpha) > radius(squares, alpha)
    assert radius(squares, alpha / 2) > radius(squares, alpha)


@given(st.floats(-20, 20), st.floats(0, 100), SCALES)
def test_units_do_not_matter(excess: float, squares: float, scale: float) -> None:
    """Values, their squares and the scale in other units give the same evidence."""
    here = log_e_mean(excess, squares, 1.0)
    there = log_e_mean(excess * scale, squares * scale**2, scale)
    assert there == pytest.approx(float(here), abs=1e-8)


def test_huge_tiny_and_impossible_sums_have_evidence_too() -> None:
    """No sum gives a warning or what is not a number, and a far too low one no evidence."""
    evidence = log_e_mean([1e6, -1e6, 1e-300, 0.0], [1.0, 1.0, 1e-300, 1e10])
    assert evidence[0] > 1e5
    assert evidence[1] == -inf
    assert evidence[2] == pytest.approx(0)
    assert -20 < evidence[3] < 0
    assert float(radius(1e10, 0.05)) / 1e10 < 1e-4
    assert radius([[0.0], [1.0]], [0.05, 0.01, 0.001]).shape == (2, 3)
    assert log_e_mean(np.zeros((2, 1)), np.ones(3)).shape == (2, 3)


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0.001, 0.999))
def test_a_rate_is_tested_by_a_beta_binomial(hits: int, misses: int, rate: float) -> None:
    """The evidence is scipy's beta-binomial probability over its binomial one."""
    trials = hits + misses
    oracle = stats.betabinom(trials, 0.5, 0.5).logpmf(hits) - stats.binom(trials, rate).logpmf(hits)
    assert log_e_rate(hits, trials, rate) == pytest.approx(float(oracle), abs=1e-6)


@given(st.integers(0, 500), st.integers(0, 500), ALPHAS)
def test_the_interval_of_a_rate_is_where_the_evidence_is_enough(
    hits: int, misses: int, alpha: float
) -> None:
    """Each end that is not 0 or 1 has evidence 1 / alpha against it, and what is observed none."""
    trials = hits + misses
    low, high = (float(end) for end in rate_interval(hits, trials, alpha))
    assert 0 <= low <= hits / max(trials, 1) <= high <= 1
    for end in {low, high} - {0.0, 1.0}:
        assert log_e_rate(hits, trials, end) == pytest.approx(-log(alpha), abs=1e-6)


@given(st.integers(0, 500), st.integers(0, 500), ALPHAS)
def test_the_interval_of_misses_mirrors_that_of_hits(hits: int, misses: int, alpha: float) -> None:
    """Counting the other outcome turns the interval round."""
    low, high = rate_interval(hits, hits + misses, alpha)
    mirrored_low, mirrored_high = rate_interval(misses, hits + misses, alpha)
    assert low == pytest.approx(float(1 - mirrored_high), abs=1e-9)
    assert high == pytest.approx(float(1 - mirrored_low), abs=1e-9)


def test_no_trial_says_nothing_and_a_billion_say_a_lot() -> None:
    """The interval is everything without a trial, and narrow around a rate that is known well."""
    low, high = rate_interval([0, 0, 10**9, 5 * 10**8], [0, 10**9, 10**9, 10**9], 0.05)
    assert (low[0], high[0]) == (0, 1)
    assert low[1] == 0
    assert high[1] < 1e-7
    assert high[2] == 1
    assert low[2] > 1 - 1e-7
    assert 0.4998 < low[3] < 0.5 < high[3] < 0.5002
    assert log_e_rate([1, 0], [1, 1], [0.0, 1.0]).tolist() == [inf, inf]


@pytest.mark.parametrize(("hits", "trials"), [(0, 50), (3, 200), (40, 300), (7, 7)])
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5])
def test_a_rate_below_is_tested_by_the_mixture_over_smaller_rates(
    hits: int, trials: int, rate: float
) -> None:
    """The likelihood ratios of all smaller rates, weighted by their Beta(1/2, 1/2) density."""
    prior = stats.beta(0.5, 0.5)

    def weighted(smaller: float) -> float:
        return float(stats.binom.pmf(hits, trials, smaller) * prior.pdf(smaller))

    mixed, _ = integrate.quad(
        weighted, 0, rate, points=[min(rate, (hits + 0.5) / (trials + 1))], limit=200
    )
    expected = np.log(mixed / prior.cdf(rate) / stats.binom.pmf(hits, trials, rate))
    assert log_e_rate_below(hits, trials, rate) == pytest.approx(expected, abs=1e-3)


def test_the_upper_bound_of_a_rate_is_where_its_evidence_reaches_the_limit() -> None:
    """It is tighter than the interval, which bounds both sides, and no bound without a trial."""
    hits, trials = np.array([0, 3, 20]), np.array([100, 200, 2145])
    bound = rate_below(hits, trials, 0.05)
    np.testing.assert_allclose(log_e_rate_below(hits, trials, bound), np.log(20), atol=1e-6)
    assert (bound < rate_interval(hits, trials, 0.05)[1]).all()
    assert rate_below(0, 0, 0.05) == 1
    assert rate_below(5, 5, 0.05) == 1
