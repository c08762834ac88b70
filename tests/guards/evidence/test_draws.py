"""Which disagreements were drawn, and which hours of them may be used."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guards.evidence.draws import MIN_PROBABILITY, Draws, drawn_disagreements
from guards.evidence.labelled_pairs import HOUR_US, LabelledPair
from guards.evidence.labels import KnownLabels, TrueLabel
from guards.evidence.pair_sums import Cell
from tests.guards.evidence.traffic import correction, queued, truth

if TYPE_CHECKING:
    from collections.abc import Iterable


def disagreement(name: str, number: float, hour: int = 0) -> LabelledPair:
    """Return answers that differ, to a document whose hash gives this number."""
    return LabelledPair(name, hour * HOUR_US, Cell(None, "a"), "b", 0.5, 0.5, number)


def draws(
    pairs: Iterable[LabelledPair], labels: Iterable[TrueLabel], hours: Iterable[int] = (0,)
) -> Draws:
    """Return the draws that these labels tell of."""
    return drawn_disagreements(pairs, KnownLabels(labels), hours)


def names(found: Draws) -> set[str]:
    """Return the drawn documents."""
    return {pair.request_id for pair in found.drawn}


PAIRS = [disagreement("low", 0.1), disagreement("middle", 0.3), disagreement("high", 0.7)]


def test_an_hour_counts_once_every_drawn_document_has_its_label() -> None:
    """Those above the probability were not drawn, and are not waited for."""
    labels = [queued("low", "a", 0.5), queued("middle", "b", 0.5)]
    found = draws(PAIRS, labels)
    assert (found.complete, names(found)) == ({0: 0.5}, {"low", "middle"})
    assert (found.waiting, found.off_rule) == (0, 0)


@pytest.mark.parametrize("missing", [[], [queued("middle", None, 0.5)]])
def test_an_hour_waits_for_one_missing_label(missing: list[TrueLabel]) -> None:
    """Whether the drawn document is in the table without a label, or not at all."""
    found = draws(PAIRS, [queued("low", "a", 0.5), *missing])
    assert (found.complete, found.drawn, found.waiting) == ({}, (), 1)


def test_a_correction_is_not_waited_for_and_does_not_finish_an_hour() -> None:
    """Somebody who dislikes an answer says nothing of what was drawn."""
    labels = [queued("low", "a", 0.5), correction("middle", "b")]
    assert draws(PAIRS, labels).waiting == 1
    assert draws(PAIRS, [correction("low", "a")]) == Draws({}, {}, (), 0, 0)


@pytest.mark.parametrize(
    "label", [truth("middle", "b"), replace(queued("middle", None, 0.5), given_up=True)]
)
def test_a_drawn_document_is_finished_from_elsewhere_or_given_up(label: TrueLabel) -> None:
    """A label counts wherever it comes from, and one that will never come is not waited for."""
    found = draws(PAIRS, [queued("low", "a", 0.5), label])
    assert names(found) == {"low", "middle"}
    assert (found.complete, found.waiting) == ({0: 0.5}, 0)


def test_other_hours_do_not_wait() -> None:
    """Each hour enters by itself, and the waiting documents of all others are counted."""
    pairs = [disagreement(f"{hour}{part}", 0.2, hour) for hour in range(3) for part in "ab"]
    labels = [queued(pair.request_id, "a", 0.5) for pair in pairs if pair.hour != 1]
    found = draws(pairs, labels, hours=range(3))
    assert (found.complete, found.waiting) == ({0: 0.5, 2: 0.5}, 2)
    assert names(found) == {"0a", "0b", "2a", "2b"}


def test_rows_that_the_rule_does_not_draw_are_counted() -> None:
    """They do not enter: who put them there is not known."""
    found = draws(PAIRS, [queued(name, "a", 0.5) for name in ("low", "middle", "high")])
    assert (names(found), found.off_rule) == ({"low", "middle"}, 1)


def test_documents_that_agree_are_not_drawn_here() -> None:
    """Their gain is known without a label, so that no hour waits for them."""
    agreed = disagreement("agreed", 0.05)._replace(challenger_label="a")
    found = draws([*PAIRS, agreed], [queued("agreed", None, 0.5)])
    assert found == Draws({}, {}, (), 0, 0)


@pytest.mark.parametrize("probability", [0.01, 0.0999])
def test_small_probabilities_are_not_used(probability: float) -> None:
    """A document that stands for more than ten others makes the evidence worse."""
    pair = disagreement("low", 0.0)
    assert draws([pair], [queued("low", "a", probability)]) == Draws({}, {}, (), 0, 0)
    assert draws([pair], [queued("low", "a", MIN_PROBABILITY)]).complete == {0: MIN_PROBABILITY}


def test_a_draw_whose_probability_is_not_known_is_not_used() -> None:
    """Nothing says how many documents it stands for."""
    label = replace(queued("low", "a", 1.0), inclusion_probability=None)
    assert draws(PAIRS, [label]) == Draws({}, {}, (), 0, 0)


def test_hours_between_draws_without_one_were_drawn_too() -> None:
    """By chance none of their documents was; before the first and after the last nobody drew."""
    pairs = [disagreement(str(hour), 0.2 if hour in {1, 4} else 0.9, hour) for hour in range(6)]
    labels = [queued("1", "a", 0.5), queued("4", "a", 0.5)]
    found = draws(pairs, labels, hours=[0, 1, 2, 4, 5])
    assert found.complete == {1: 0.5, 2: 0.5, 4: 0.5}
    assert names(found) == {"1", "4"}


def test_the_probability_may_change_from_hour_to_hour() -> None:
    """An hour of which nothing was drawn has that of the hour before."""
    pairs = [disagreement(str(hour), 0.2 if hour != 2 else 0.95, hour) for hour in range(4)]
    labels = [queued("0", "a", 0.3), queued("1", "a", 0.4), queued("3", "a", 0.9)]
    found = draws(pairs, labels, hours=range(4))
    assert found.complete == {0: 0.3, 1: 0.4, 2: 0.4, 3: 0.9}


def test_of_two_strata_the_larger_probability_counts() -> None:
    """The smaller draw is a part of the larger one, so that it adds nothing and breaks no rule."""
    labels = [queued("low", "a", 0.2, "some"), queued("middle", "a", 0.5, "more")]
    found = draws(PAIRS, labels)
    assert (found.complete, names(found)) == ({0: 0.5}, {"low", "middle"})
    assert (found.waiting, found.off_rule) == (0, 0)
    assert names(draws(PAIRS[::-1], labels)) == names(found)
