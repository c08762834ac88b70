"""What true labels say of a challenger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.evidence.gain import Gain, Tally
from guards.evidence.label_evidence import LabelCounts, LabelEvidence, LabelledAnswers
from guards.evidence.labels import LabelSource, TrueLabel
from guards.evidence.pair_sums import Cell
from guards.evidence.sampling import digests, uniforms
from tests.guards.evidence import traffic
from tests.guards.evidence.traffic import Doc, correction, labelled, missed, queued, truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

A = Cell(None, "a")
START = datetime.fromtimestamp(traffic.START_US / 1e6, UTC)


def gain(evidence: LabelEvidence) -> Gain:
    """Return the gain over all documents whose labels count."""
    tallies: dict[float, Tally] = {}
    for (_, probability), tally in evidence.tallies.items():
        tallies[probability] = tallies.get(probability, Tally()).plus(tally)
    return Gain(tallies=tallies)


def tally(evidence: LabelEvidence) -> Tally:
    """Return the sums of all tallies."""
    return gain(evidence).all


def delayed(doc: Doc, hours: float, label: str = "a") -> TrueLabel:
    """Return a label that came so many hours after the answer."""
    moment = START + timedelta(hours=doc.hour + hours)
    return replace(truth(doc.request_id, label), labelled_at=moment)


def drawn(docs: Iterable[Doc], probability: float) -> list[Doc]:
    """Return the documents that the rule draws."""
    docs = list(docs)
    numbers = uniforms(digests([doc.request_id for doc in docs])).tolist()
    return [doc for doc, number in zip(docs, numbers, strict=True) if number < probability]


def traffic_of_hours(hours: int, disagreements: int, agreements: int, name: str = "") -> list[Doc]:
    """Return documents of some hours; the truth of all is ``a``, and the challenger wins 2 of 3."""
    return [
        Doc(f"{name}{hour}-{number}", *_labels(number, disagreements), hour=hour)
        for hour in range(hours)
        for number in range(disagreements + agreements)
    ]


def _labels(number: int, disagreements: int) -> tuple[str, str]:
    if number >= disagreements:
        return "a", "a"
    return ("a", "b") if number % 3 == 0 else ("b", "a")


def test_labels_tell_who_alone_is_right() -> None:
    """One win, two losses, nothing where both are right or both wrong; each document counts."""
    docs = [
        Doc("1", "a", "b"),
        Doc("2", "b", "a"),
        Doc("3", "b", "a"),
        Doc("4"),
        Doc("5", "b", "c"),
    ]
    labels = [truth("1", "a"), truth("2", "b"), truth("3", "a"), truth("4", "a"), truth("5", "a")]
    evidence = labelled(docs, [*labels, truth("4", "c")])
    assert evidence.tallies == {
        (A, 1.0): Tally(documents=2, losses=1),
        (Cell(None, "b"), 1.0): Tally(documents=3, wins=1, losses=1, neither=1),
    }
    assert gain(evidence).mean == pytest.approx(-1 / 5)
    assert gain(evidence).labelled == 4
    assert sum(evidence.answers.values()) == 5
    assert evidence.answers[LabelledAnswers(A, "a", "c", LabelSource.TRUTH, 1.0)] == 1


def test_labels_that_cannot_count_are_counted() -> None:
    """By why they cannot: in no log, missed, repeated, contradicted, waited for.

    An answer that the champion does not know is wrong where the champion is right.
    """
    docs = [Doc("1"), missed(Doc("2")), Doc("3"), Doc("4", "a", "new", comparable=False)]
    labels = [*[truth(name, "a") for name in ("1", "2", "4", "unheard of")], truth("1", "b")]
    evidence = labelled(docs, [*labels, queued("3", None, 0.5)])
    assert evidence.counts == LabelCounts(
        labelled=4, unmatched=1, not_compared=1, waiting=1, repeated=1, contradicted=1
    )
    assert (tally(evidence).documents, tally(evidence).losses) == (2, 1)


def test_corrections_never_enter() -> None:
    """They are counted, with those against the champion, and change nothing else."""
    docs, labels = traffic.contest(3, 2, 4)
    without = labelled(docs, labels)
    corrections = [correction(doc.request_id, "b") for doc in docs]
    evidence = labelled(docs, [*corrections, *labels, correction("unheard of", "b")])
    counts = replace(
        without.counts, corrections=9, corrections_of_champion=6, corrections_unmatched=1
    )
    assert evidence == replace(without, counts=counts)
    alone = labelled(docs, corrections)
    assert (alone.tallies, alone.answers, alone.pairs) == ({}, {}, ())


@pytest.mark.parametrize(("ripe_s", "unripe"), [(0.0, 0), (3600.0, 1), (2.5 * 3600, 2)])
def test_documents_count_once_they_are_old_enough(ripe_s: float, unripe: int) -> None:
    """Their age is reckoned from the last moment of the logs, and the limit belongs to the old."""
    docs = [Doc(str(hour), "a", "b", hour=hour + 0.5) for hour in range(5)]
    evidence = labelled(docs, [truth(doc.request_id, "a") for doc in docs], hours=5, ripe_s=ripe_s)
    assert (tally(evidence).losses, evidence.counts.unripe) == (5 - unripe, unripe)
    assert evidence.ripe_s == ripe_s
    exactly = labelled(docs, [truth("2", "a")], hours=5, ripe_s=2.5 * 3600)
    assert exactly.counts.unripe == 0


def test_labels_are_usually_there_after_the_95th_percentile_of_delays() -> None:
    """Of 20 delays, the nineteenth; of labels without a time nothing is known."""
    docs = [Doc(str(number), hour=number / 10) for number in range(20)]
    labels = [delayed(doc, hours=1 + number) for number, doc in enumerate(docs)]
    evidence = labelled(docs, [*labels, truth("untimed", "a")], hours=20)
    assert evidence.ripe_s == pytest.approx(19 * 3600)
    assert evidence.counts.unripe == sum(doc.hour > 1 for doc in docs)
    assert labelled(docs, [truth("1", "a")]).ripe_s == 0
    early = [delayed(docs[10], hours=-5), queued("2", "a", 0.5)]
    assert labelled(docs, early).ripe_s == 0


def test_a_label_that_came_early_waits_until_the_others_are_due() -> None:
    """Of young documents only the quick labels are there, and those may be the easy ones."""
    docs = [Doc(str(number), hour=number) for number in range(101)]
    slow = [delayed(doc, hours=48) for doc in docs[:50]]
    quick = [delayed(doc, hours=0.1) for doc in docs[96:]]
    evidence = labelled(docs, [*slow, *quick])
    assert (tally(evidence).documents, evidence.counts.unripe) == (50, 5)


def test_every_document_of_a_drawn_hour_counts() -> None:
    """Those that agree have a gain of 0 without a label, and so have those that were not drawn."""
    docs = traffic_of_hours(3, 30, 70)
    there = drawn([doc for doc in docs if doc.champion != doc.challenger], 0.5)
    evidence = labelled(docs, [queued(doc.request_id, "a", 0.5) for doc in there])
    wins = sum(doc.challenger == "a" for doc in there)
    assert gain(evidence).tallies == {0.5: Tally(300, wins, len(there) - wins)}
    assert evidence.drawn == {
        (A, 0.5): (len(there) - wins, 30),
        (Cell(None, "b"), 0.5): (wins, 60),
    }


def test_labels_on_agreements_never_enter_the_gain() -> None:
    """Neither their number nor what they say, even that both variants are wrong."""
    docs = traffic_of_hours(2, 30, 70)
    differing = drawn([doc for doc in docs if doc.champion != doc.challenger], 0.5)
    agreeing = drawn([doc for doc in docs if doc.champion == doc.challenger], 0.5)
    labels = [queued(doc.request_id, "a", 0.5) for doc in differing]
    others = [queued(doc.request_id, "b", 0.5, "agreements") for doc in agreeing]
    assert labelled(docs, [*labels, *others]).tallies == labelled(docs, labels).tallies
    assert labelled(docs, others).tallies == {}


def test_an_hour_that_waits_does_not_enter() -> None:
    """The missing label may be a hard one; what was drawn in this hour and later waits with it."""
    docs = traffic_of_hours(3, 30, 70)
    there = drawn([doc for doc in docs if doc.champion != doc.challenger], 0.5)
    hardest = next(doc for doc in there if doc.hour == 1)
    labels = [queued(doc.request_id, "a", 0.5) for doc in there if doc is not hardest]
    evidence = labelled(docs, labels)
    assert (tally(evidence).documents, evidence.counts.waiting) == (100, 1)
    finished = labelled(docs, [*labels, truth(hardest.request_id, "a")])
    assert (tally(finished).documents, finished.counts.waiting) == (300, 0)
    given_up = replace(queued(hardest.request_id, None, 0.5), given_up=True)
    without = labelled(docs, [*labels, given_up])
    assert tally(without).documents == 300
    assert (tally(without).given_up, without.counts.given_up) == (1, 1)
    decided = tally(finished).wins + tally(finished).losses
    assert tally(without).wins + tally(without).losses == decided - 1


def test_chance_labels_in_drawn_hours_are_counted_apart() -> None:
    """There the draws decide; labels that came by chance count in the hours without a draw."""
    docs = traffic_of_hours(2, 30, 70)
    differing = [doc for doc in docs if doc.champion != doc.challenger and doc.hour == 0]
    there = drawn(differing, 0.5)
    undrawn = [doc for doc in differing if doc not in there]
    later = [doc for doc in docs if doc.hour == 1][:10]
    evidence = labelled(
        docs,
        [
            *[queued(doc.request_id, "a", 0.5) for doc in there],
            *[truth(doc.request_id, "a") for doc in [*undrawn, *later]],
        ],
    )
    tallies = gain(evidence).tallies
    assert evidence.counts.undrawn == len(undrawn)
    assert (tallies[0.5].documents, tallies[1.0].documents) == (100, 10)
    assert tallies[0.5].wins + tallies[0.5].losses == len(there)
    assert tallies[1.0].wins + tallies[1.0].losses == 10


def test_a_truth_counts_among_the_truths_of_an_hour_that_waits() -> None:
    """Else labels that came for all would lack the drawn ones: all that the variants differ on."""
    docs = traffic_of_hours(2, 30, 70)
    came = labelled(docs, [truth(doc.request_id, "a") for doc in docs if doc.request_id != "0-1"])
    queue = [queued(doc.request_id, None, 0.99) for doc in docs if doc.champion != doc.challenger]
    labels = [truth(doc.request_id, "a") for doc in docs if doc.request_id != "0-1"]
    for order in ([*queue, *labels], [*labels, *queue]):
        evidence = labelled(docs, order)
        assert evidence.counts.waiting == 1
        assert gain(evidence).tallies == gain(came).tallies
        assert gain(evidence).documents == 199
        truths = [answers for answers in evidence.answers if answers.source is LabelSource.TRUTH]
        assert {key: evidence.answers[key] for key in truths} == came.answers
        assert evidence.labelled == came.labelled


def test_hand_picked_rows_of_a_queue_are_not_answers() -> None:
    """A disagreement that the rule does not draw stands for no other, whatever the table says."""
    docs = traffic_of_hours(1, 30, 70)
    differing = [doc for doc in docs if doc.champion != doc.challenger]
    there = drawn(differing, 0.3)
    picked = [queued(doc.request_id, "a", 0.3) for doc in differing if doc not in there]
    agreeing = [doc for doc in docs if doc.champion == doc.challenger][:20]
    labels = [queued(doc.request_id, "a", 0.3) for doc in [*there, *agreeing]]
    evidence, without = labelled(docs, [*labels, *picked]), labelled(docs, labels)
    assert (evidence.counts.off_rule, without.counts.off_rule) == (len(picked), 0)
    assert evidence.tallies == without.tallies
    assert (evidence.answers, evidence.pairs) == (without.answers, without.pairs)
    assert sum(evidence.answers.values()) == len(there) + len(agreeing)


def test_recent_labels_are_those_of_the_last_day_that_has_any() -> None:
    """However much later the logs end, and 24 hours from the last labelled one on."""
    docs = [Doc(str(hour), "a", "b", hour=hour) for hour in range(60)]
    evidence = labelled(docs, [truth(str(hour), "a") for hour in range(50)])
    assert evidence.recent == {1.0: Tally(documents=24, losses=24)}
    assert labelled(docs, []).recent == {}


def test_ripe_documents_are_counted_with_and_without_a_label() -> None:
    """By block, cell and agreement, up to the block in which the youngest ripe one is."""
    docs = [Doc(f"{hour}{side}", "a", side, hour=hour) for hour in range(4) for side in "ab"]
    labels = [truth("0a", "a"), truth("1b", "b"), truth("3a", "a")]
    evidence = labelled(docs, labels, hours=4.5, ripe_s=3600)
    assert {(key.block // 6 * 1.0, key.agree) for key in evidence.ripe} == {
        (480_000.0 + hour, agree) for hour in range(4) for agree in (True, False)
    }
    assert sorted((key.block // 6 - 480_000, key.agree) for key in evidence.labelled) == [
        (0, True),
        (1, False),
        (3, True),
    ]


def test_weighted_labels_estimate_the_gain_without_bias() -> None:
    """Over many draws with two probabilities, the mean estimate is the gain of all documents."""
    estimates = []
    for seed in range(60):
        docs = traffic_of_hours(4, 60, 90, name=f"{seed}-")
        differing = [doc for doc in docs if doc.champion != doc.challenger]
        labels = [
            queued(doc.request_id, "a", probability, str(probability))
            for probability, hours in ((0.2, (0, 1)), (0.6, (2, 3)))
            for doc in drawn([doc for doc in differing if doc.hour in hours], probability)
        ]
        evidence = labelled(docs, labels)
        assert tally(evidence).documents == len(docs)
        estimates.append(gain(evidence).mean)
    found = np.array(estimates, dtype=np.float64)
    assert abs(found.mean() - 20 / 150) < 3 * found.std() / len(found) ** 0.5
    assert found.std() > 0.01


def everything(evidence: LabelEvidence) -> dict[str, object]:
    """Return all of the evidence, to be compared."""
    return {name: getattr(evidence, name) for name in LabelEvidence.__slots__}


@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_documents_and_labels_gives_the_same_evidence(seed: int) -> None:
    """More than 64 segments, draws, truths and corrections included."""
    docs = [
        replace(doc, segment=f"segment {number % 90}" if number % 8 else None)
        for number, doc in enumerate(traffic_of_hours(6, 40, 60))
    ]
    truths = {doc.request_id: "ab"[number % 2] for number, doc in enumerate(docs)}
    there = drawn([doc for doc in docs if doc.champion != doc.challenger and doc.hour < 3], 0.5)
    labels: Sequence[TrueLabel] = [
        *[
            replace(queued(doc.request_id, truths[doc.request_id], 0.5), labelled_at=START)
            for doc in there
        ],
        *[delayed(doc, number % 7, truths[doc.request_id]) for number, doc in enumerate(docs[::3])],
        *[correction(doc.request_id, "b") for doc in docs[::5]],
    ]
    expected = everything(labelled(docs, labels))
    generator = np.random.default_rng(seed)
    shuffled = [docs[row] for row in generator.permutation(len(docs)).tolist()]
    mixed = [labels[row] for row in generator.permutation(len(labels)).tolist()]
    assert everything(labelled(shuffled, mixed, hours=5)) == expected
