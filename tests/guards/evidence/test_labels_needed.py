"""How many more labels a verdict needs."""

from __future__ import annotations

from datetime import date, timedelta
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from guards.evidence.criteria import Policy
from guards.evidence.gain import Gain, Tally
from guards.evidence.labels_needed import LabelsNeeded, labels_needed
from guards.sequential.e_process import log_e_more_wins
from tests.guards.evidence.traffic import START_US

NEEDED = log(20)
DAY_US = 86_400_000_000
BETTER = Policy()
NOT_WORSE = Policy("not-worse", margin=0.02)


def needed(gain: Gain, policy: Policy = BETTER, days: int = 10) -> LabelsNeeded:
    """Return the labels that are needed where there is a disagreement."""
    found = labels_needed(gain, policy, NEEDED, START_US, START_US + days * DAY_US)
    assert found is not None
    return found


def of(wins: int, losses: int, documents: int = 10_000, probability: float = 1.0) -> Gain:
    """Return the gain of documents a tenth of which are disagreements."""
    return Gain(10_000, 1000, {probability: Tally(documents, wins, losses)})


def test_without_a_disagreement_no_label_helps() -> None:
    """There is nothing to label."""
    assert labels_needed(Gain(100, 0), BETTER, NEEDED, START_US, START_US) is None
    assert labels_needed(Gain(), BETTER, NEEDED, 0, 0) is None


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (12, 6), (30, 15), (60, 40)])
def test_the_numbers_are_the_smallest_that_are_enough(wins: int, losses: int) -> None:
    """For the quartiles of the share that is won, as a Beta(5, 5) prior and the labels leave it."""
    found = needed(of(wins, losses))
    for number, quartile in ((found.low, 0.75), (found.high, 0.25)):
        share = float(beta.ppf(quartile, 5 + wins, 5 + losses))

        def enough(labels: int, share: float = share) -> bool:
            won, lost = wins + share * labels, losses + (1 - share) * labels
            return float(log_e_more_wins(won, lost)) >= NEEDED

        if number is None:
            assert share <= 0.5
        else:
            assert enough(number)
            assert not enough(number - 1)


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([BETTER, NOT_WORSE]))
def test_low_is_never_above_high(wins: int, losses: int, policy: Policy) -> None:
    """None, where no number would do, is above all numbers; labels of any documents are more."""
    found = needed(of(wins, losses, documents=2000), policy)
    if found.low is None:
        assert found.high is None
    elif found.high is not None:
        assert 1 <= found.low <= found.high
    for number, random in zip((found.low, found.high), found.at_random, strict=True):
        assert random == (None if number is None else 10 * number)


def test_no_number_would_do_for_a_challenger_that_loses() -> None:
    """Nobody is told to label on, and there is no day on which it would be decided."""
    found = needed(of(20, 60))
    assert (found.low, found.high, found.at_random, found.by) == (None, None, (None, None), None)
    even = needed(of(30, 30))
    assert even.low is not None
    assert even.high is None


@pytest.mark.parametrize("probability", [0.25, 1.0])
@pytest.mark.parametrize("policy", [BETTER, NOT_WORSE])
def test_as_many_labels_as_are_needed_are_about_enough(policy: Policy, probability: float) -> None:
    """With the high number of the same kind the rule is shown, and with half the low one not."""
    gain = of(12, 10 if policy is NOT_WORSE else 5, int(220 / probability), probability)
    found = needed(gain, policy)
    assert found.low is not None
    assert found.high is not None

    def after(labels: float) -> float:
        share = gain.all.wins / gain.labelled
        known = gain.tallies[probability]
        tally = Tally(
            220 + 10 * labels, known.wins + share * labels, known.losses + (1 - share) * labels
        )
        later = Gain(100_000, 10_000, {1.0: tally})
        return later.log_e_above(0) if policy is BETTER else later.log_e_not_worse(policy.margin)

    assert after(found.low / 2) < NEEDED <= after(found.high)


def test_the_day_is_reckoned_from_the_present_rate() -> None:
    """As many days after the last document as the labels take that are still needed."""
    found = needed(of(20, 10), days=30)
    assert found.high is not None
    last = date(2024, 10, 4) + timedelta(days=30)
    assert found.by == last + timedelta(days=found.high)
    assert found.to_json() == {
        "low": found.low,
        "high": found.high,
        "by": found.by.isoformat(),
        "at_random": {"low": found.at_random[0], "high": found.at_random[1]},
    }
    assert needed(of(20, 10), days=0).by is None
    assert needed(of(0, 0)).by is None
    assert needed(of(1, 0), days=100_000).by is not None
