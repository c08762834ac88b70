"""Promote, keep or undecided, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.evidence.criteria import Guardrail, Policy
from guards.evidence.gain import Tally
from guards.evidence.labels import TrueLabel
from guards.evidence.pair import Missed
from guards.evidence.report import challenger_report
from guards.evidence.sampling import digests, uniforms
from guards.evidence.segments import OTHER_SEGMENTS
from guards.evidence.verdict import Verdict, gain_of, gain_of_class, gain_of_segment, judge
from tests.guards.evidence import traffic
from tests.guards.evidence.traffic import (
    Doc,
    contest,
    correction,
    labelled,
    missed,
    pair_evidence,
    queued,
    truth,
)

if TYPE_CHECKING:
    from guards.evidence.criteria import Criterion

BETTER = Policy()
NOT_WORSE = Policy("not-worse", margin=0.02)


def verdict(docs: Sequence[Doc], labels: Sequence[TrueLabel], policy: Policy = BETTER) -> Verdict:
    """Return the verdict on documents with labels."""
    return judge(pair_evidence(docs), labelled(docs, labels), policy)


def named(found: Verdict, kind: str, name: str) -> Criterion:
    """Return a criterion of a verdict."""
    (criterion,) = [c for c in found.criteria if (c.kind, c.name) == (kind, name)]
    return criterion


def said(found: Verdict, start: str) -> list[str]:
    """Return the reasons that start with these words."""
    return [reason for reason in found.because if reason.startswith(start)]


@pytest.mark.parametrize("policy", [BETTER, NOT_WORSE, Policy(require_robust=True)])
def test_nothing_is_decided_about_a_challenger_that_was_never_asked(policy: Policy) -> None:
    """No document, with or without the labels of others; no number of labels would help."""
    for labels in (None, labelled([missed(Doc("1"))], [truth("unheard of", "a")])):
        found = judge(pair_evidence([]), labels, policy)
        assert (found.decision, found.labels_needed) == ("undecided", None)
        assert not any(criterion.shown for criterion in found.criteria)
        assert said(found, f"not shown yet: {policy.rule}")


def test_nothing_is_decided_without_a_label() -> None:
    """It is said how many are needed, and what is known without: a bound of the worse variant."""
    docs, _ = contest(30, 10, 160)
    found = judge(pair_evidence(docs), None, BETTER)
    assert found.decision == "undecided"
    (reason,) = said(found, "not shown yet: better: no document has a label")
    assert reason.endswith("evidence 1 of 20 needed")
    assert (
        "labels differ on 20.0%: the less accurate variant errs on at least 10.0%" in found.because
    )
    assert found.labels_needed is not None
    assert found.labels_needed.low is not None


def test_nothing_is_decided_about_a_challenger_that_only_misses() -> None:
    """Its misses are counted against it, and no verdict is robust."""
    docs = [missed(Doc(str(row))) for row in range(500)]
    found = judge(pair_evidence(docs), None, NOT_WORSE)
    assert (found.decision, found.robust_to_missing, found.labels_needed) == (
        "undecided",
        False,
        None,
    )
    assert "with 500 missed documents" in named(found, "quality", "robust to missing").words


def test_a_better_challenger_is_promoted() -> None:
    """With what was shown, the numbers behind it, and nothing more to label."""
    found = verdict(*contest(30, 8, 160))
    assert (found.decision, found.labels_needed, found.robust_to_missing) == ("promote", None, True)
    (reason,) = said(found, "shown: better: ")
    assert "the challenger alone is right 30 times and the champion alone 8 times" in reason
    assert "of 20 needed" in reason
    assert not said(found, "not shown yet")
    assert said(found, "labels differ on 19.2%: the less accurate variant errs on at least 9.6%")


def test_a_worse_challenger_is_kept() -> None:
    """Harm vetoes, and is said with its numbers."""
    found = verdict(*contest(8, 40, 160))
    assert (found.decision, found.labels_needed) == ("keep", None)
    (reason,) = said(found, "harm is shown: accuracy: ")
    assert "right 8 times and the champion alone 40 times" in reason


def test_an_equal_challenger_is_undecided() -> None:
    """More labels may tell."""
    found = verdict(*contest(12, 10, 160))
    assert (found.decision, found.labels_needed is None) == ("undecided", False)
    assert said(found, "not shown yet: better: ")
    assert not said(found, "harm")


def test_corrections_never_move_a_verdict() -> None:
    """A thousand complaints about the champion are no evidence."""
    docs, labels = contest(12, 10, 160)
    corrections = [correction(doc.request_id, doc.challenger) for doc in docs]
    assert verdict(docs, [*labels, *corrections]) == verdict(docs, labels)


def test_not_worse_needs_no_label() -> None:
    """Variants that hardly differ cannot differ in accuracy either."""
    docs = [Doc(str(row), challenger="b" if row < 4 else "a") for row in range(2500)]
    found = judge(pair_evidence(docs), None, NOT_WORSE)
    assert found.decision == "promote"
    assert "labels differ on 4 of 2500 documents" in said(found, "shown: not-worse")[0]
    assert judge(pair_evidence(docs), None, BETTER).decision == "undecided"


@pytest.mark.parametrize("guardrail", ["class:c=.05", "segment:emea=.05", "cost=1.5", "errors=.02"])
def test_a_guardrail_that_is_not_shown_blocks(guardrail: str) -> None:
    """Nothing is known of its class, segment or cost, or too little of errors."""
    docs, labels = contest(30, 8, 40)
    docs = [replace(doc, cpu_s=(float("nan"), 0.01)) for doc in docs]
    found = verdict(docs, labels, Policy(guardrails=(Guardrail.parse(guardrail),)))
    assert named(found, "success", "better").shown
    assert (found.decision, found.labels_needed) == ("undecided", None)
    assert said(found, f"not shown yet: {Guardrail.parse(guardrail)}: ")


def test_guardrails_that_are_shown_let_promote() -> None:
    """Each has its own words among the reasons."""
    docs, labels = contest(30, 8, 3000)
    docs = [replace(doc, segment="emea") for doc in docs]
    texts = ("class:a=.05", "segment:emea=.05", "cost=2", "errors=.02")
    found = verdict(docs, labels, Policy(guardrails=tuple(map(Guardrail.parse, texts))))
    assert found.decision == "promote"
    for text in ("class:a=0.05", "segment:emea=0.05", "cost=2", "errors=0.02"):
        assert said(found, f"shown: {text}: ")
    assert "failed on 0 of 3038 documents" in said(found, "shown: errors")[0]
    assert "mean ratio of 1.00" in said(found, "shown: cost")[0]


@pytest.mark.parametrize("guardrail", ["class:b=.02", "segment:emea=.02", "cost=1.2", "errors=.05"])
def test_a_guardrail_that_is_broken_vetoes(guardrail: str) -> None:
    """Even where the challenger is better on all documents together."""
    docs, labels = contest(200, 0, 300)
    docs = [
        replace(doc, champion="c" if doc.champion == "b" else "a", segment="apac") for doc in docs
    ]
    lost = [Doc(f"lost {row}", "b", "a", segment="emea") for row in range(60)]
    labels = [*labels, *(truth(doc.request_id, "b") for doc in lost)]
    failed = [missed(Doc(f"failed {row}", "a"), Missed.ERROR) for row in range(150)]
    slow = [replace(doc, cpu_s=(0.01, 0.04)) for doc in [*docs, *lost]]
    policy = Policy(guardrails=(Guardrail.parse(guardrail),))
    found = verdict([*slow, *failed], labels, policy)
    assert named(found, "success", "better").shown
    assert found.decision == "keep"
    assert said(found, f"harm is shown: {policy.guardrails[0]}: ")


def days(wins: Sequence[int], losses: Sequence[int]) -> tuple[list[Doc], list[TrueLabel]]:
    """Return labelled documents with so many wins and losses on each day."""
    numbers = enumerate(zip(wins, losses, strict=True))
    parts = [contest(won, lost, 20, f"day {day} ") for day, (won, lost) in numbers]
    docs = [replace(doc, hour=24 * day) for day, (found, _) in enumerate(parts) for doc in found]
    return docs, [label for _, labels in parts for label in labels]


def test_a_last_day_that_contradicts_blocks() -> None:
    """What changed yesterday may be how it will be tomorrow; an early day like it does not."""
    found = verdict(*days([30, 30, 1], [2, 2, 14]))
    assert named(found, "success", "better").shown
    assert found.decision == "undecided"
    (reason,) = said(found, "against it: recent: ")
    assert "the last day of labels has 1 won, 14 lost" in reason
    assert verdict(*days([1, 30, 30], [14, 2, 2])).decision == "promote"


def test_missing_documents_block_only_where_asked() -> None:
    """With enough misses the promotion stands, and is not robust."""
    docs, labels = contest(30, 8, 160)
    docs = [*docs, *(missed(Doc(f"missed {row}")) for row in range(30))]
    found = verdict(docs, labels)
    assert (found.decision, found.robust_to_missing) == ("promote", False)
    asked = verdict(docs, labels, Policy(require_robust=True))
    assert (asked.decision, asked.labels_needed) == ("undecided", None)
    (reason,) = said(asked, "not shown yet: robust to missing: ")
    assert "with 30 missed documents" in reason
    assert "the champion alone 38 times" in reason
    assert verdict(*contest(30, 8, 160), Policy(require_robust=True)).decision == "promote"


def drawn_labels(docs: Sequence[Doc], probability: float) -> list[TrueLabel]:
    """Return labels of the disagreements that are drawn."""
    numbers = uniforms(digests([doc.request_id for doc in docs])).tolist()
    return [
        queued(doc.request_id, "a", probability)
        for doc, number in zip(docs, numbers, strict=True)
        if number < probability and doc.champion != doc.challenger
    ]


def test_drawn_labels_promote_as_robustly_as_others() -> None:
    """Where nothing was missed nor given up, counting it changes nothing."""
    docs, _ = contest(60, 16, 300)
    found = verdict(docs, drawn_labels(docs, 0.5))
    assert (found.decision, found.robust_to_missing) == ("promote", True)
    assert (
        named(found, "quality", "robust to missing").evidence
        == named(found, "success", "better").evidence
    )


def test_labels_that_were_given_up_may_all_be_losses() -> None:
    """They are counted against the challenger where the question is how robust a verdict is."""
    docs, _ = contest(60, 16, 300)
    hopeless = [Doc(f"hopeless {row}", "a", "b") for row in range(60)]
    labels = drawn_labels(docs, 0.5)
    given_up = [replace(label, label=None, given_up=True) for label in drawn_labels(hopeless, 0.5)]
    found = verdict([*docs, *hopeless], [*labels, *given_up])
    assert (found.decision, found.robust_to_missing) == ("promote", False)
    words = named(found, "quality", "robust to missing").words
    assert f"0 missed documents and {len(given_up)} without hope of a label" in words


def test_several_challengers_share_the_error() -> None:
    """Each needs as many times the evidence; harm and guardrails do not."""
    docs, labels = contest(20, 4, 160)
    alone = verdict(docs, labels)
    among = verdict(docs, labels, Policy(challengers=10))
    assert (alone.decision, among.decision) == ("promote", "undecided")
    assert named(alone, "success", "better").needed == pytest.approx(20)
    assert named(among, "success", "better").needed == pytest.approx(200)
    assert named(among, "deterioration", "accuracy").needed == pytest.approx(20)
    assert "a wrong promotion is at most 0.05, divided among 10 challengers" in among.because[-1]
    assert "a wrong promotion is at most 0.05" in alone.because[-1]
    assert "divided" not in alone.because[-1]


def test_vetoes_share_their_error() -> None:
    """Guardrails cost a promotion nothing, and a veto of each takes the more."""
    guardrails = tuple(map(Guardrail.parse, ("class:a=.1", "cost=2", "errors=.1")))
    found = verdict(*contest(16, 4, 160), Policy(guardrails=guardrails))
    needed = {(c.kind, c.name): c.needed for c in found.criteria}
    assert needed["success", "better"] == pytest.approx(20)
    assert needed["guardrail", "cost=2"] == pytest.approx(20)
    assert needed["deterioration", "accuracy"] == pytest.approx(80)
    assert needed["deterioration", "cost=2"] == pytest.approx(80)
    assert found.because[-1].endswith("of a wrong veto 0.05, divided among 4 criteria")


def test_what_does_not_decide_is_said() -> None:
    """A shift of confidence, and strata that are missed more than others."""
    docs = [Doc(str(row), confidence=(0.9, 0.7), segment="emea") for row in range(600)]
    odd = [missed(Doc(f"odd {row}", segment="apac")) for row in range(100)]
    found = judge(pair_evidence([*docs, *odd]), None, BETTER)
    (reason,) = said(found, "the challenger is less confident by 0.200 (")
    assert reason.endswith("on 600 documents")
    (warning,) = said(found, "be careful, coverage:segment")
    assert "of 100 documents of 'apac' 100.0% are missed, where 14.3%" in warning
    more = [replace(doc, confidence=(0.7, 0.9)) for doc in docs]
    assert said(
        judge(pair_evidence(more), None, BETTER), "the challenger is more confident by 0.200"
    )


def test_the_gain_of_parts_is_that_of_their_documents() -> None:
    """By the champion's class, and by segment, and together."""
    docs, labels = contest(3, 2, 5)
    docs = [replace(doc, segment="emea" if row % 2 else None) for row, doc in enumerate(docs)]
    pairs, evidence = pair_evidence(docs), labelled(docs, labels)
    assert gain_of(pairs, evidence).all == Tally(10, 3, 2)
    assert gain_of_class(pairs, evidence, "b").all == Tally(3, 3, 0)
    assert gain_of_segment(pairs, evidence, "emea").all == Tally(5, 1, 1)
    assert gain_of_segment(pairs, evidence, "apac").compared == 0
    assert gain_of(pairs, None).tallies == {}


def test_documents_that_moved_among_segments_keep_their_labels() -> None:
    """Of 65 segments one was left by its last document: another is still among the others."""
    docs = [Doc(str(number), "b", "a", segment=f"segment {number}") for number in range(65)]
    kept = pair_evidence(docs).cells.segments
    left = next(doc for doc in docs if doc.segment in kept)
    other = next(doc for doc in docs if doc.segment not in kept)
    moved = [replace(left, last=False), replace(left, segment=None, hour=1)]
    observed = [*(doc for doc in docs if doc is not left), *moved]
    evidence = labelled(observed, [truth(other.request_id, "a")])
    pairs = pair_evidence(observed)
    assert gain_of_segment(pairs, evidence, OTHER_SEGMENTS).all.wins == 1
    assert sum(gain_of_segment(pairs, evidence, name).all.wins for name in kept) == 0


GUARDRAILS = st.lists(
    st.sampled_from(
        ["class:a=.1", "class:no such=.1", "segment:segment 1=.3", "cost=2", "errors=.1"]
    ),
    max_size=2,
).map(lambda texts: tuple(map(Guardrail.parse, texts)))
POLICIES = st.builds(
    Policy,
    rule=st.sampled_from(["better", "not-worse"]),
    margin=st.sampled_from([0.0, 0.02, 0.5, 1.0]),
    guardrails=GUARDRAILS,
    challengers=st.integers(1, 3),
    require_robust=st.booleans(),
)
Entry = Callable[[str], TrueLabel]
ENTRIES: st.SearchStrategy[list[Entry]] = st.lists(
    st.sampled_from(
        [
            lambda name: truth(name, "a"),
            lambda name: truth(name, "brand new"),
            lambda name: queued(name, "b", 0.5),
            lambda name: queued(name, None, 0.5),
            lambda name: queued(name, "a", 1.0, "more"),
            lambda name: queued(name, "a", 1e-9),
            lambda name: replace(queued(name, None, 1.0), given_up=True),
            lambda name: correction(name, "c"),
        ]
    ),
    max_size=7,
)


@given(
    docs=traffic.docs(segments=3, max_size=6),
    policy=POLICIES,
    entries=ENTRIES,
    times=st.sampled_from([1, 40]),
    ripe_s=st.sampled_from([None, 0.0, 7200.0, 1e9]),
)
def test_everything_is_json(
    docs: list[Doc], policy: Policy, entries: list[Entry], times: int, ripe_s: float | None
) -> None:
    """Verdict and report hold no NaN and no infinity, whatever was counted."""
    copies = [f"-{time}" for time in range(times)]
    many = [replace(doc, request_id=doc.request_id + copy) for copy in copies for doc in docs]
    labels = [entry(f"{row}{copy}") for copy in copies for row, entry in enumerate(entries)]
    pairs = pair_evidence(many)
    known = labelled(many, labels, hours=40, ripe_s=ripe_s) if labels else None
    found = judge(pairs, known, policy)
    plain = [found.to_json(), challenger_report(pairs, known, ["a", "b"])]
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert found.because
    if found.decision == "promote":
        assert not any(c.shown for c in found.criteria if c.kind == "deterioration")
        assert all(c.shown for c in found.criteria if c.kind in {"success", "guardrail"})
        assert found.labels_needed is None


@pytest.mark.parametrize("seed", range(2))
def test_any_order_gives_the_same_json(seed: int) -> None:
    """Replicas and days in any order, with more segments than have figures: byte by byte."""
    generator = np.random.default_rng(7)
    docs, labels = [], []
    for row in range(1200):
        shares = generator.random(6).tolist()
        doc = Doc(
            request_id=str(row),
            champion="abc"[int(3 * shares[0])],
            challenger="abc"[int(3 * shares[0]) if shares[1] < 0.7 else int(3 * shares[2])],
            hour=row // 100,
            segment=f"segment {int(shares[3] * 90)}" if row % 6 else None,
            tokens=int(600 * shares[4]),
            confidence=(shares[4], shares[5]),
        )
        docs.append(missed(doc) if row % 11 == 0 else doc)
        if row % 3 == 0:
            labels.append(truth(str(row), "abcd"[int(4 * shares[5])]))
    labels += [label for label in drawn_labels(docs[:600], 0.5) if int(label.request_id) % 3]
    policy = Policy(guardrails=tuple(map(Guardrail.parse, ("class:a=.1", "cost=2"))))

    def result(rows: Sequence[Doc], entries: Sequence[TrueLabel]) -> str:
        pairs, parts = pair_evidence(rows[:333]), pair_evidence(rows[333:600], rows[600:])
        pairs.merge(parts)
        evidence = labelled(rows, entries)
        plain = judge(pairs, evidence, policy).to_json()
        return json.dumps([plain, challenger_report(pairs, evidence, "abc")], allow_nan=False)

    expected = result(docs, labels)
    order = np.random.default_rng(seed)
    shuffled = [docs[row] for row in order.permutation(len(docs)).tolist()]
    mixed = [labels[row] for row in order.permutation(len(labels)).tolist()]
    assert result(shuffled, mixed) == expected


def test_labels_that_do_not_count_yet_are_said() -> None:
    """Whoever labelled a part of a queue, or documents of today, learns why nothing changed."""
    docs = [Doc("1", "a", "b"), Doc("2", "a", "b", hour=1), Doc("3", hour=2)]
    labels = [queued("1", "a", 1.0), queued("2", None, 1.0), truth("3", "a")]
    verdict = judge(pair_evidence(docs), labelled(docs, labels, hours=2, ripe_s=3600), Policy())
    assert any(reason.startswith("1 drawn documents have no label") for reason in verdict.because)
    assert any("1 labels are of documents younger than 3600 s" in r for r in verdict.because)


def test_a_guarded_segment_that_no_document_has_is_said() -> None:
    """A typo would otherwise look like evidence that is still to come."""
    policy = Policy(guardrails=(Guardrail.parse("segment:emae=.05"),))
    verdict = judge(pair_evidence([Doc("1", segment="emea")]), None, policy)
    assert any(
        reason.startswith("not shown yet: segment:emae=0.05: no such document was compared")
        for reason in verdict.because
    )
