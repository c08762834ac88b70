"""What labels say of the gain."""

from __future__ import annotations

from math import inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from guards.evidence.gain import Gain, Tally
from guards.sequential.confidence_sequence import log_e_mean, radius

TALLIES = st.tuples(*[st.integers(0, 500)] * 3).map(
    lambda counts: Tally(sum(counts), counts[1], counts[2])
)
GAINS = st.builds(
    lambda tallies, more: Gain(
        int(sum(tally.documents for tally in tallies.values())) + more,
        int(sum(tally.wins + tally.losses for tally in tallies.values())) + more // 2,
        tallies,
    ),
    st.dictionaries(st.sampled_from([0.1, 0.5, 1.0]), TALLIES),
    st.integers(0, 1000),
)
ALPHA = 0.05


@pytest.mark.parametrize("probability", [0.1, 0.5, 1.0])
@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (7, 2), (2, 7), (30, 12), (60, 60)])
def test_with_one_probability_only_wins_and_losses_matter(
    wins: int, losses: int, probability: float
) -> None:
    """The evidence is a mixture of likelihood ratios against 1/2, whatever the probability is."""

    def ratio(share: float) -> float:
        return float((2 * share) ** wins * (2 * (1 - share)) ** losses * 2 * beta.pdf(share, 5, 5))

    gain = Gain(tallies={probability: Tally(1000, wins, losses)})
    assert gain.log_e_above(0.0) == pytest.approx(log(quad(ratio, 0.5, 1)[0]), abs=1e-6)
    swapped = Gain(tallies={probability: Tally(10, losses, wins)})
    assert swapped.log_e_below(0.0) == gain.log_e_above(0.0)


def test_drawn_documents_stand_for_those_that_were_not() -> None:
    """The estimate, its bounds and the evidence are those of the gains of all documents."""
    gain = Gain(tallies={0.5: Tally(100, 6, 2), 0.2: Tally(50, 1, 3)})
    values = np.array([2.0] * 6 + [-2.0] * 2 + [5.0] + [-5.0] * 3 + [0.0] * 138)
    assert len(values) == gain.documents
    assert gain.mean == pytest.approx(values.mean())
    squares = float((values**2).sum())
    low, high = gain.bounds(0.05, 0.01)
    assert low == pytest.approx(values.mean() - float(radius(squares, 0.05, 5)) / 150)
    assert high == pytest.approx(values.mean() + float(radius(squares, 0.01, 5)) / 150)
    for bound in (0.0, -0.1):
        above = float(log_e_mean((values - bound).sum(), squares, 5))
        below = float(log_e_mean((bound - values).sum(), squares, 5))
        assert gain.log_e_above(bound) == pytest.approx(above)
        assert gain.log_e_below(bound) == pytest.approx(below)


@given(GAINS)
def test_numbers_are_never_undefined(gain: Gain) -> None:
    """Bounds surround the mean, and no evidence is NaN or without end."""
    low, high = gain.bounds(ALPHA, ALPHA)
    if gain.mean is None or low is None or high is None:
        assert (gain.mean, low, high, gain.documents) == (None, None, None, 0)
    else:
        assert -1 <= low <= 1
        assert -1 <= high <= 1
        assert low <= min(max(gain.mean, -1), 1) <= high
    for margin in (0.0, 0.02, 0.5):
        assert -inf <= gain.log_e_above(-margin) < inf
        assert -inf <= gain.log_e_below(-margin) < inf
        assert -inf <= gain.log_e_rarely_differ(margin or 0.01) < inf


@given(GAINS, st.integers(0, 100), st.integers(1, 20))
def test_losses_and_misses_are_evidence_against_a_challenger(
    gain: Gain, misses: int, lost: int
) -> None:
    """Whatever is lost in addition makes a challenger look no better."""
    worse = Gain(gain.compared, gain.disagreed, {**gain.tallies, 1.0: Tally(lost, losses=lost)})
    base = Gain(gain.compared, gain.disagreed, {**gain.tallies, 1.0: Tally(lost)})
    assert worse.log_e_above(-0.02) <= base.log_e_above(-0.02)
    counted = base.with_misses(misses)
    part = base.documents / base.compared if base.compared else 0
    assert counted.documents == pytest.approx(base.documents + misses * part)
    assert counted.log_e_above(-0.02) <= base.log_e_above(-0.02) + 1e-9
    assert counted.log_e_rarely_differ(0.1) <= base.log_e_rarely_differ(0.1) + 1e-9


@pytest.mark.parametrize("probability", [0.5, 1.0])
def test_no_miss_changes_nothing(probability: float) -> None:
    """A challenger that missed no document is as good with its misses counted as without."""
    gain = Gain(100, 30, {probability: Tally(100, 25, 5)})
    assert gain.with_misses(0) == gain
    assert gain.with_misses(0).log_e_above(0.0) == gain.log_e_above(0.0)


def test_misses_are_documents_that_the_champion_alone_gets_right() -> None:
    """They are disagreements, and as large a part of them is labelled as of the others."""
    gain = Gain(100, 30, {1.0: Tally(50, 12, 5)}).with_misses(10)
    assert gain == Gain(110, 40, {1.0: Tally(55, 12, 10)})
    assert gain.mean == pytest.approx(2 / 55)
    assert Gain().with_misses(5) == Gain(5, 5, {1.0: Tally()})


def test_what_was_given_up_can_be_counted_as_lost() -> None:
    """In its own draw, so that each stands for as many as the others."""
    gain = Gain(100, 30, {0.5: Tally(100, 12, 5, given_up=3)})
    assert gain.if_given_up_were_losses() == Gain(100, 30, {0.5: Tally(100, 12, 8)})


def test_variants_that_rarely_differ_need_no_label() -> None:
    """A rate of disagreements that is shown to be below the margin bounds the loss."""
    gain = Gain(compared=5000, disagreed=25)
    assert gain.log_e_rarely_differ(0.01) > log(1 / ALPHA)
    assert gain.log_e_not_worse(0.01) >= gain.log_e_rarely_differ(0.01) - log(2)
    assert gain.log_e_rarely_differ(0.005) < log(2)
    assert Gain().log_e_rarely_differ(0.01) == 0
    assert Gain(100, 100).log_e_not_worse(0.5) < 0


def test_the_error_is_shared_between_the_two_ways() -> None:
    """Labels that show it count, though the variants often differ; either has to bring twice."""
    gain = Gain(4000, 400, {1.0: Tally(4000, 205, 195)})
    assert gain.log_e_rarely_differ(0.05) < -5
    assert gain.log_e_not_worse(0.05) == pytest.approx(gain.log_e_above(-0.05) - log(2))


def crossings(share: float, runs: int = 100, looks: int = 20) -> int:
    """Count runs in which weighted gains ever show "better"; ``share`` of disagreements are won."""
    generator = np.random.default_rng(20)
    crossed = 0
    for _ in range(runs):
        sums = {probability: np.zeros(3) for probability in (0.3, 0.8)}
        for look in range(looks):
            probability = (0.3, 0.8)[look % 2]
            drawn = generator.binomial(20, probability)
            wins = generator.binomial(drawn, share)
            sums[probability] += (100, wins, drawn - wins)
            gain = Gain(tallies={p: Tally(*row.tolist()) for p, row in sums.items()})
            if gain.log_e_above(0.0) >= log(1 / ALPHA):
                crossed += 1
                break
    return crossed


def test_equal_variants_seldom_look_better() -> None:
    """Of 100 runs that are looked at 20 times, at most the promised 5 show what is not there."""
    assert crossings(share=0.5) <= 5
    assert crossings(share=0.75) >= 90
