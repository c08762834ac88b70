"""What is known of accuracy, cost and errors."""

from __future__ import annotations

from math import inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.evidence.effects import (
    Effect,
    better_effect,
    cost_effect,
    errors_effect,
    not_worse_effect,
)
from guards.evidence.gain import Gain, Tally
from guards.evidence.pair_evidence import CostSums
from guards.evidence.pair_sums import UNIT

ALPHA = 0.05
NEEDED = log(1 / ALPHA)
GAINS = [
    Gain(),
    Gain(1000, 3),
    Gain(1000, 100, {1.0: Tally(500, 30, 10)}),
    Gain(1000, 100, {0.5: Tally(1000, 10, 30), 1.0: Tally(100, 5, 0)}),
]


def cost_of(documents: int, ratio: float) -> CostSums:
    """Return sums over documents that all have this ratio of costs."""
    units = round(log(ratio) * UNIT)
    return CostSums(documents, documents * units, documents * units**2)


def consistent(effect: Effect, limit: float, *, larger_is_better: bool) -> None:
    """Check that bounds and evidence tell the same: beyond the limit exactly where it is shown."""
    assert not (effect.log_e_holds >= NEEDED and effect.log_e_broken >= NEEDED)
    assert effect.worst is not None
    assert effect.best is not None
    sign = 1 if larger_is_better else -1
    assert sign * effect.worst <= sign * effect.best
    if abs(effect.log_e_holds - NEEDED) > 1e-3:
        assert (effect.log_e_holds >= NEEDED) == (sign * effect.worst > sign * limit)
    if abs(effect.log_e_broken - NEEDED) > 1e-3:
        assert (effect.log_e_broken >= NEEDED) == (sign * effect.best < sign * limit)


@pytest.mark.parametrize("gain", GAINS)
def test_better_is_what_labels_say(gain: Gain) -> None:
    """The words count wins and losses, or say that there is no label."""
    effect = better_effect(gain, ALPHA, ALPHA)
    assert (effect.log_e_holds, effect.log_e_broken) == (gain.log_e_above(0), gain.log_e_below(0))
    low, high = gain.bounds(ALPHA, ALPHA)
    assert effect.worst == (max(low, 0) if low and effect.log_e_holds >= NEEDED else low)
    assert effect.best == (min(high, 0) if high and effect.log_e_broken >= NEEDED else high)
    if gain.documents:
        assert f"the challenger alone is right {gain.all.wins:.0f} times" in effect.words
        assert f"the champion alone {gain.all.losses:.0f} times" in effect.words
    else:
        assert effect.words.startswith("no document has a label")


def test_what_is_shown_to_be_better_has_no_bound_below_nothing() -> None:
    """Wins against losses tell the sign before the sequence of the mean does."""
    better, worse = (
        better_effect(Gain(1000, 100, {1.0: Tally(1000, *counts)}), ALPHA, ALPHA)
        for counts in ((64, 36), (36, 64))
    )
    assert better.log_e_holds >= NEEDED
    assert (better.worst, worse.best) == (0.0, 0.0)


def test_not_worse_can_be_shown_without_a_label() -> None:
    """Variants that differ on 5 of 5,000 documents cannot lose two of a hundred."""
    effect = not_worse_effect(Gain(5000, 5), 0.02, ALPHA, ALPHA)
    assert effect.log_e_holds >= NEEDED > effect.log_e_broken
    assert effect.worst is not None
    assert -0.02 < effect.worst < -5 / 5000
    assert effect.best is None
    assert effect.words.startswith("labels differ on 5 of 5000 documents; no document has a label")
    nothing = not_worse_effect(Gain(), 0.02, ALPHA, ALPHA)
    assert (nothing.worst, nothing.best) == (None, None)
    assert nothing.log_e_holds < NEEDED


def test_not_worse_has_the_better_of_two_bounds() -> None:
    """Where labels say more than the rate of disagreements, theirs counts, and the other way."""
    labels = Gain(2000, 800, {1.0: Tally(2000, 420, 380)})
    rarely = Gain(2000, 4, {1.0: Tally(20, 0, 1)})
    for gain in (labels, rarely):
        effect = not_worse_effect(gain, 0.05, ALPHA, ALPHA)
        assert effect.worst is not None
        assert -0.05 < effect.worst < 0
        assert effect.log_e_holds >= NEEDED
    half, _ = labels.bounds(ALPHA / 2, ALPHA)
    assert not_worse_effect(labels, 0.05, ALPHA, ALPHA).worst == half
    lost = Gain(2000, 800, {1.0: Tally(2000, 200, 600)})
    assert not_worse_effect(lost, 0.05, ALPHA, ALPHA).log_e_broken >= NEEDED


@given(
    st.sampled_from([30, 300, 3000]),
    st.floats(0.2, 6),
    st.sampled_from([1.2, 2.0, 4.0]),
)
def test_costs_are_shown_below_or_above_their_limit(
    documents: int, ratio: float, limit: float
) -> None:
    """The geometric mean is between its bounds, and evidence says what the bounds say."""
    effect = cost_effect(cost_of(documents, ratio), limit, ALPHA, ALPHA)
    consistent(effect, limit, larger_is_better=False)
    assert effect.worst is not None
    assert effect.best is not None
    assert effect.best <= ratio * (1 + 1e-6)
    assert ratio <= effect.worst * (1 + 1e-6)
    assert f"{documents} documents have a mean ratio of {ratio:.2f}" in effect.words


def test_enough_documents_show_a_cost() -> None:
    """Twice as expensive is at most three times, and more than 1.2 times."""
    cost = cost_of(3000, 2.0)
    assert cost_effect(cost, 3.0, ALPHA, ALPHA).log_e_holds >= NEEDED
    assert cost_effect(cost, 1.2, ALPHA, ALPHA).log_e_broken >= NEEDED


def test_nothing_is_known_of_a_cost_that_was_never_measured() -> None:
    """It neither holds nor is it broken."""
    effect = cost_effect(CostSums(), 2.0, ALPHA, ALPHA)
    assert (effect.log_e_holds, effect.log_e_broken) == (-inf, -inf)
    assert (effect.worst, effect.best) == (None, None)


@given(st.integers(1, 3000), st.data(), st.sampled_from([0.01, 0.1, 0.5]))
def test_errors_are_shown_below_or_above_their_share(
    documents: int, data: st.DataObject, limit: float
) -> None:
    """The share is between its bounds, and evidence says what the bounds say."""
    errors = data.draw(st.integers(0, documents))
    effect = errors_effect(errors, documents, limit, ALPHA, ALPHA)
    consistent(effect, limit, larger_is_better=False)
    assert effect.worst is not None
    assert effect.best is not None
    assert effect.best - 1e-9 <= errors / documents <= effect.worst + 1e-9
    assert effect.words == f"the challenger failed on {errors} of {documents} documents"


def test_nothing_is_known_of_errors_without_a_document() -> None:
    """It neither holds nor is it broken."""
    effect = errors_effect(0, 0, 0.1, ALPHA, ALPHA)
    assert (effect.log_e_holds, effect.log_e_broken) == (-inf, -inf)
