"""The e-value of one start: against SciPy's beta-binomial, and its upper bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from guards.drift.alarm.arcsine import angle
from guards.drift.alarm.evidence import SHIFTS, Bound, Sample, log_terms, mean_term

FLOOR = 0.03
BOTH = np.array([False])
UPWARD = np.array([True])


def sample(
    successes: float, documents: float, share: float, rows: float, one_sided: np.ndarray = BOTH
) -> Sample:
    """Return a sample of one split."""
    return Sample(np.array([successes]), documents, np.array([share]), rows, one_sided)


def beta_binomial(successes: int, documents: int, rows: float, at: float) -> float:
    """Return the logarithm of the probability for a reference share at an angle."""
    share = np.sin(at / 2) ** 2
    law = stats.betabinom(documents, rows * share, rows * (1 - share))
    return float(law.logpmf(successes))


@pytest.mark.parametrize("successes", [0, 3, 40, 120, 200])
@pytest.mark.parametrize(("share", "rows"), [(0.2, 2001.0), (0.5, 51.0), (0.03, 20_001.0)])
def test_terms_are_ratios_of_beta_binomial_probabilities(
    successes: int, share: float, rows: float
) -> None:
    """Every side and shift agrees with SciPy; those beyond the ends are not there."""
    terms = log_terms(sample(successes, 200, share, rows), FLOOR)[..., 0]

    centre = float(angle(share))
    for side, row in zip((1, -1), terms, strict=True):
        null = beta_binomial(successes, 200, rows, centre + side * FLOOR)
        for shift, term in zip(SHIFTS, row, strict=True):
            at = centre + side * (FLOOR + shift)
            if 0 < at < np.pi:
                ratio = beta_binomial(successes, 200, rows, at) - null
                assert term == pytest.approx(ratio, rel=1e-9, abs=1e-9)
            else:
                assert np.isnan(term)


def test_only_more_is_evidence_where_the_reference_cannot_say_less() -> None:
    """A one-sided split has no terms below."""
    terms = log_terms(sample(0, 200, 0.5, 1000.0, UPWARD), FLOOR)

    assert np.isnan(terms[1]).all()
    assert not np.isnan(terms[0]).any()


@pytest.mark.parametrize("share", [0.001, 0.2, 0.9])
@pytest.mark.parametrize("floor", [0.0, FLOOR])
def test_the_expected_evidence_is_one_under_the_null(share: float, floor: float) -> None:
    """Each term averages to 1 over the beta-binomial of its null, so that Ville's bound holds."""
    documents, rows = 60, 500.0
    for side in (1, -1):
        at = float(angle(share)) + side * floor
        if at <= 0:
            continue
        every = range(documents + 1)
        chances = np.exp([beta_binomial(y, documents, rows, at) for y in every])
        terms = [log_terms(sample(y, documents, share, rows), floor) for y in every]
        means = np.nansum(chances[:, None] * np.exp([t[(1 - side) // 2, :, 0] for t in terms]), 0)
        assert chances.sum() == pytest.approx(1)
        assert (np.isclose(means, 1) | (means == 0)).all()


def test_the_e_value_averages_the_terms_that_are_there() -> None:
    """Missing terms are not counted, and no terms are no evidence."""
    assert mean_term(np.log([[1.0, 2.0], [3.0, np.nan]])) == pytest.approx(np.log(2))
    assert mean_term(np.full(3, np.nan)) == -np.inf


def test_a_hundred_million_documents_are_computed_safely() -> None:
    """With endless documents the ratio is that of the Beta densities at the observed share."""
    rows, share, observed, documents = 2001.0, 0.2, 0.23, 10**8
    terms = log_terms(sample(observed * documents, documents, share, rows), FLOOR)[0, :, 0]

    at = np.sin((float(angle(share)) + FLOOR + np.array([0, *SHIFTS])) / 2) ** 2
    densities = np.asarray(stats.beta(rows * at, rows * (1 - at)).logpdf(observed))
    assert terms == pytest.approx(densities[1:] - densities[0], rel=1e-4, abs=1e-3)


@given(
    counted=st.tuples(st.integers(0, 10**6), st.floats(0, 1)),
    share=st.integers(0, 20_000).map(lambda rows: (rows + 0.5) / 20_001),
    rows=st.floats(1, 1e6),
    floor=st.sampled_from([0.0, FLOOR]),
    one_sided=st.booleans(),
)
def test_no_term_is_above_its_bound(
    counted: tuple[int, float], share: float, rows: float, floor: float, *, one_sided: bool
) -> None:
    """What the bound rules out is not there, for whatever counts and reference."""
    documents, observed = counted
    successes = np.array([float(round(observed * documents))])
    sides = np.array([one_sided])
    terms = log_terms(Sample(successes, documents, np.array([share]), rows, sides), floor)
    present = terms[~np.isnan(terms)]
    if not present.size or present.max() <= 0:
        return
    needed = np.array([[present.max() * (1 - 1e-9) - 1e-6]])

    bound = Bound.of(np.array([[share]]), np.array([[rows]]), floor, sides)

    assert bound.reaches(successes[None], np.array([[float(documents)]]), needed).all()


def test_the_bound_rules_out_what_is_near_the_reference() -> None:
    """A share two standard errors away from its reference needs no logarithms."""
    bound = Bound.of(np.array([[0.2]]), np.array([[20_001.0]]), FLOOR, BOTH)

    documents = np.array([[1000.0]])
    assert not bound.reaches(np.array([[225.0]]), documents, np.array([[10.0]])).any()
    assert bound.reaches(np.array([[350.0]]), documents, np.array([[10.0]])).all()
