"""Which disagreements were drawn, and which blocks of them may be used."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guards.evidence.draws import MIN_PROBABILITY, Draws, drawn_disagreements
from guards.evidence.labelled_pairs import BLOCK_US, LabelledPair
from guards.evidence.labels import KnownLabels, TrueLabel
from guards.evidence.pair_sums import Cell
from tests.guards.evidence.traffic import correction, queued, truth

if TYPE_CHECKING:
    from collections.abc import Iterable


def disagreement(name: str, number: float, block: int = 0) -> LabelledPair:
    """Return answers that differ, to a document whose hash gives this number."""
    return LabelledPair(name, block * BLOCK_US, Cell(None, "a"), "b", 0.5, 0.5, number)


def draws(
    pairs: Iterable[LabelledPair], labels: Iterable[TrueLabel], blocks: Iterable[int] = (0,)
) -> Draws:
    """Return the draws that these labels tell of."""
    return drawn_disagreements(pairs, KnownLabels(labels), blocks)


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
    assert draws(PAIRS, [correction("low", "a")]) == Draws({}, {}, (), 0, 0, 0)


@pytest.mark.parametrize(
    "label", [truth("middle", "b"), replace(queued("middle", None, 0.5), given_up=True)]
)
def test_a_drawn_document_is_finished_from_elsewhere_or_given_up(label: TrueLabel) -> None:
    """A label counts wherever it comes from, and one that will never come is not waited for."""
    found = draws(PAIRS, [queued("low", "a", 0.5), label])
    assert names(found) == {"low", "middle"}
    assert (found.complete, found.waiting) == ({0: 0.5}, 0)


def test_later_blocks_wait_with_the_first_that_waits() -> None:
    """Blocks enter in order: which of them is complete must not depend on what is hard."""
    pairs = [disagreement(f"{block}{part}", 0.2, block) for block in range(3) for part in "ab"]
    labels = [queued(pair.request_id, "a", 0.5) for pair in pairs if pair.block != 1]
    found = draws(pairs, labels, blocks=range(3))
    assert (found.complete, found.waiting) == ({0: 0.5}, 2)
    assert names(found) == {"0a", "0b"}


def test_a_block_without_a_drawn_document_waits_too() -> None:
    """It is complete at once, and would prove the agreement of all while the hard ones wait."""
    pairs = [disagreement(str(block), 0.2 if block != 1 else 0.9, block) for block in range(3)]
    labels = [queued("0", None, 0.5), queued("2", "a", 0.5)]
    assert draws(pairs, labels, blocks=range(3)).complete == {}


def test_a_larger_draw_that_waits_leaves_the_smaller_one() -> None:
    """Drawing more of the same documents takes back nothing that is labelled in full."""
    pairs = [disagreement(name, number) for name, number in (("a", 0.1), ("b", 0.2), ("c", 0.4))]
    first = [queued(name, "a", 0.25, "first") for name in "ab"]
    second = queued("c", None, 0.5, "second")
    found = draws(pairs, [*first, second])
    assert (found.complete, names(found), found.waiting) == ({0: 0.25}, {"a", "b"}, 1)
    finished = draws(pairs, [*first, replace(second, label="a")])
    assert (finished.complete, names(finished)) == ({0: 0.5}, {"a", "b", "c"})


def test_rows_that_the_rule_does_not_draw_are_counted() -> None:
    """They do not enter: who put them there is not known."""
    found = draws(PAIRS, [queued(name, "a", 0.5) for name in ("low", "middle", "high")])
    assert (names(found), found.off_rule) == ({"low", "middle"}, 1)


def test_documents_that_agree_are_not_drawn_here() -> None:
    """Their gain is known without a label, so that no block waits for them."""
    agreed = disagreement("agreed", 0.05)._replace(challenger_label="a")
    found = draws([*PAIRS, agreed], [queued("agreed", None, 0.5)])
    assert found == Draws({}, {}, (), 0, 0, 0)


@pytest.mark.parametrize("probability", [0.01, 0.0999])
def test_small_probabilities_are_not_used(probability: float) -> None:
    """A document that stands for more than ten others makes the evidence worse."""
    pair = disagreement("low", 0.0)
    assert draws([pair], [queued("low", "a", probability)]) == Draws({}, {}, (), 0, 0, too_rare=1)
    assert draws([pair], [queued("low", "a", MIN_PROBABILITY)]).complete == {0: MIN_PROBABILITY}


def test_a_draw_whose_probability_is_not_known_is_not_used() -> None:
    """Nothing says how many documents it stands for."""
    label = replace(queued("low", "a", 1.0), inclusion_probability=None)
    assert draws(PAIRS, [label]) == Draws({}, {}, (), 0, 0, too_rare=1)


def test_hours_between_draws_without_one_were_drawn_too() -> None:
    """By chance none of their documents was; before the first and after the last nobody drew."""
    pairs = [disagreement(str(block), 0.2 if block in {1, 4} else 0.9, block) for block in range(6)]
    labels = [queued("1", "a", 0.5), queued("4", "a", 0.5)]
    found = draws(pairs, labels, blocks=[0, 1, 2, 4, 5])
    assert found.complete == {1: 0.5, 2: 0.5, 4: 0.5}
    assert names(found) == {"1", "4"}


def test_the_probability_may_change_from_hour_to_hour() -> None:
    """A draw reaches from its first document to its last, and of several the largest counts."""
    pairs = [disagreement(str(block), 0.2 if block != 2 else 0.95, block) for block in range(4)]
    labels = [queued("0", "a", 0.3), queued("1", "a", 0.4), queued("3", "a", 0.4)]
    found = draws(pairs, labels, blocks=range(4))
    assert found.complete == {0: 0.3, 1: 0.4, 2: 0.4, 3: 0.4}


def test_of_two_strata_the_larger_probability_counts() -> None:
    """The smaller draw is a part of the larger one, so that it adds nothing and breaks no rule."""
    labels = [queued("low", "a", 0.2, "some"), queued("middle", "a", 0.5, "more")]
    found = draws(PAIRS, labels)
    assert (found.complete, names(found)) == ({0: 0.5}, {"low", "middle"})
    assert (found.waiting, found.off_rule) == (0, 0)
    assert names(draws(PAIRS[::-1], labels)) == names(found)
