"""How often conclusions err under repeated looks, and how much they need, in seeded simulations.

``python -m load_tests.micro.verdict`` does the same with more seeds. Bounds are the targets; what
the fixed seeds give is well inside them.
"""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.evidence.criteria import Policy
from guards.evidence.effects import cost_effect
from guards.evidence.gain import Gain, Tally
from guards.evidence.label_evidence import LabelCounts, LabelEvidence
from guards.evidence.pair_evidence import CostSums, PairEvidence
from guards.evidence.pair_sums import UNIT, Cell, PairSums
from guards.evidence.verdict import judge
from guards.sequential.error_budget import PROMOTION_ALPHA
from load_tests.micro.simulated_equals import (
    MARGIN,
    documents_without_labels,
    labels_to_not_worse,
    max_disagreements,
)
from load_tests.micro.simulated_pairs import (
    MAX_COST,
    Differences,
    Misses,
    flagged_after,
    null_copies_beyond,
    vetoed_after,
    wrong_shifts,
)
from load_tests.micro.simulated_promotions import (
    POWER,
    Case,
    days_until_blocked,
    documents_to_promotion,
    enough_labels,
    mcnemar_documents,
    stops_of_one_set,
    wins_needed,
    wrong_promotions,
)

BETTER = Case(champion=0.85, challenger=0.88, discordant=0.1)


def ever_promoted(won: float, discordant: int) -> float:
    """Return the exact probability that so many looks, one a document, ever promote."""
    needed = wins_needed(discordant)
    undecided, promoted = np.zeros(discordant + 2), 0.0
    undecided[0] = 1.0
    for wins in needed[1:].tolist():
        undecided[1:] = undecided[1:] * (1 - won) + undecided[:-1] * won
        undecided[0] *= 1 - won
        promoted += float(undecided[wins:].sum())
        undecided[wins:] = 0
    return promoted


def decision(policy: Policy, documents: int, disagreed: int, tally: Tally) -> str:
    """Judge a challenger of which nothing but disagreements and labels is known."""
    pairs, cell = PairEvidence(), Cell(None, "invoice")
    pairs.cells.add([(cell, PairSums(compared=documents, agreed=documents - disagreed))])
    labels = LabelEvidence({(cell, 1.0): tally}, {}, {}, (), {}, {}, {}, LabelCounts(), 0.0)
    return judge(pairs, labels, policy).decision


@pytest.mark.parametrize(("won", "at_most"), [(0.5, 0.05), (0.45, 0.01), (0.4, 0.001), (0.3, 1e-4)])
def test_a_challenger_that_is_no_better_is_hardly_ever_promoted(won: float, at_most: float) -> None:
    """After 2,000 looks the exact probability is below the error, and simulated streams agree."""
    exact = ever_promoted(won, 2_000)
    assert exact <= at_most
    assert wrong_promotions(won, 400) == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize("discordant", [10, 40, 200, 1000])
def test_the_simulated_looks_promote_where_the_verdict_does(discordant: int) -> None:
    """So many wins promote, and one win less does not."""
    wins, documents = int(wins_needed(discordant)[-1]), 10 * discordant
    enough = Tally(documents, wins, discordant - wins)
    short = Tally(documents, wins - 1, discordant - wins + 1)
    assert decision(Policy(), documents, discordant, enough) == "promote"
    assert decision(Policy(), documents, discordant, short) == "undecided"


@pytest.mark.parametrize(
    ("case", "at_most"), [(BETTER, 1.35), (Case(0.9, 0.92, 0.05), 2), (Case(0.7, 0.75, 0.2), 2)]
)
def test_looking_always_costs_a_third_more_documents(case: Case, at_most: float) -> None:
    """At power .8 the multiple of what the exact test of McNemar needs for one look is bounded."""
    documents = np.quantile(documents_to_promotion(case, 500), POWER, method="higher")
    assert 1 < documents / mcnemar_documents(case) <= at_most


def test_the_exact_test_needs_what_is_known() -> None:
    """The planned test of .85 against .88 needs some 920 documents, more than one with one side."""
    assert mcnemar_documents(BETTER) == pytest.approx(922, abs=5)
    assert mcnemar_documents(BETTER, sides=1) < mcnemar_documents(BETTER)


def test_stopping_early_needs_fewer_labels_on_average_than_a_planned_test() -> None:
    """Over orders of arrival of the same labels, the mean stop is before the planned number."""
    planned = mcnemar_documents(BETTER)
    stops = stops_of_one_set(BETTER, 4 * planned, 300)
    assert stops.mean() < planned
    assert stops.max() < 4 * planned


def test_rare_disagreements_show_not_worse_without_any_label() -> None:
    """Where labels differ on 1 %, half of the streams need at most 2,500 documents for .02."""
    assert np.median(documents_without_labels(0.01, 150)) <= 2_500
    assert np.isfinite(documents_without_labels(MARGIN, 300)).mean() <= PROMOTION_ALPHA


def test_the_simulated_disagreements_promote_where_the_verdict_does() -> None:
    """As many disagreements as may be promote without a label, and one more does not."""
    policy, most = Policy("not-worse", MARGIN), int(max_disagreements(2_000)[-1])
    assert decision(policy, 2_000, most, Tally()) == "promote"
    assert decision(policy, 2_000, most + 1, Tally()) == "undecided"


@pytest.mark.parametrize("drawn", [1.0, 0.5])
def test_labels_of_disagreements_show_not_worse(drawn: float) -> None:
    """Drawn or not, half of the equal challengers need at most 320 labels, and worse ones fail."""
    assert np.median(labels_to_not_worse(0.1, drawn, 100)) <= 320
    worse = labels_to_not_worse(0.1, drawn, 30, loss=MARGIN)
    assert np.isfinite(worse).mean() <= PROMOTION_ALPHA


def test_labels_needed_are_a_range_that_is_often_true() -> None:
    """About half of the streams need a number in the range, and few more than it says."""
    fewer, as_many, more = enough_labels(20, 300)
    assert fewer + as_many + more == pytest.approx(1)
    assert as_many > 0.4
    assert more < 0.25


def test_a_bad_day_blocks_and_good_ones_do_not() -> None:
    """A better challenger is hardly ever blocked in a month, one that turned worse within days."""
    assert np.isfinite(days_until_blocked(0.65, 50, 30, 300)).mean() <= 0.05
    assert np.median(days_until_blocked(0.3, 50, 30, 100)) <= 2


@pytest.mark.parametrize("kind", ["uniform", "skewed"])
def test_a_shift_of_confidence_is_not_shown_where_there_is_none(kind: Differences) -> None:
    """In 10,000 documents with over a thousand looks, 0 hardly ever leaves the sequence."""
    assert wrong_shifts(kind, 300) <= 0.05


def test_hardly_a_null_copy_is_beyond_the_bound() -> None:
    """However often the honesty meter is looked at, at most 5 of 100 copies are expected."""
    assert null_copies_beyond(2_000, 5) <= 5


@pytest.mark.parametrize("share", [0.05, 0.02])
def test_missing_the_longest_documents_is_noticed(share: float) -> None:
    """A challenger that times out on them alone is flagged within 2,000 documents."""
    assert flagged_after("long", share, 2_000, 40).max() <= 2_000


@pytest.mark.parametrize(("kind", "share"), [("random", 0.01), ("random", 0.1), ("bursts", 0.05)])
def test_missing_any_documents_is_no_bias(kind: Misses, share: float) -> None:
    """Misses that strike all documents alike, one by one or in bursts, are hardly ever flagged."""
    assert np.isfinite(flagged_after(kind, share, 2_000, 40)).mean() <= 0.05


@pytest.mark.parametrize("noise", [0.2, 0.5])
def test_an_equal_cost_is_no_veto(noise: float) -> None:
    """However noisy processor times are, a challenger of equal cost is not kept back."""
    assert not np.isfinite(vetoed_after(1.0, noise, 5_000, 100)).any()


@pytest.mark.parametrize("noise", [0.1, 0.2])
def test_a_higher_cost_is_a_veto_soon(noise: float) -> None:
    """At 1.3 times the cost where 1.2 is allowed, half of the vetoes come within 300 documents."""
    assert np.median(vetoed_after(1.3, noise, 600, 30)) <= 300


@given(st.integers(1, 5_000), st.floats(-0.5, 0.7), st.floats(0.01, 1.0))
def test_the_bounds_of_cost_say_what_the_evidence_does(
    documents: int, mean: float, noise: float
) -> None:
    """The allowed ratio is outside the bounds exactly where it is shown to be kept or broken."""
    squares = round(documents * (mean**2 + noise**2) * UNIT**2)
    cost = CostSums(documents, round(documents * mean * UNIT), squares)
    effect = cost_effect(cost, MAX_COST, 0.05, 0.025)
    assert effect.worst is not None
    assert effect.best is not None
    assert effect.best <= exp(mean) <= effect.worst
    assert (effect.worst < MAX_COST) == (effect.log_e_holds > log(1 / 0.05))
    assert (effect.best > MAX_COST) == (effect.log_e_broken > log(1 / 0.025))


def test_evidence_of_drawn_labels_is_that_with_no_miss() -> None:
    """Counting no missed document against the challenger changes nothing."""
    gain = Gain(2_000, 110, {0.5: Tally(2_000, 40, 15)})
    assert gain.with_misses(0).log_e_above(0) == gain.log_e_above(0)
    assert gain.with_misses(1).log_e_above(0) < gain.log_e_above(0)
