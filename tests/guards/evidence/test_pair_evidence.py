"""Evidence without labels: exact, in any order, from any number of replicas and days."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import log, nan
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.evidence.columns import COMPARED
from guards.evidence.pair import Missed
from guards.evidence.pair_evidence import MAX_COST_RATIO, CostSums, PairEvidence, Stratum
from guards.evidence.pair_sums import UNIT, Cell, PairSums
from guards.evidence.sampling import digests, null_signs
from guards.evidence.segments import MAX_SEGMENTS, OTHER_SEGMENTS
from tests.guards.evidence import traffic
from tests.guards.evidence.traffic import Doc, missed, pair_evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random


def state(evidence: PairEvidence) -> dict[str, object]:
    """Return everything that evidence holds, to be compared."""
    return {
        **vars(evidence),
        "null_sums": evidence.null_sums.tolist(),
        **{
            name: getattr(evidence, name).sums
            for name in ("cells", "eligible", "missed", "not_comparable")
        },
        "segments": evidence.cells.segments,
    }


def merged(parts: Iterable[PairEvidence]) -> PairEvidence:
    """Merge some evidence into none."""
    total = PairEvidence()
    for part in parts:
        total.merge(part)
    return total


def mixed(seed: int, count: int) -> list[Doc]:
    """Return documents of all kinds, in 150 segments and none."""
    generator = np.random.default_rng(seed)
    reasons = list(Missed)
    docs = []
    for number in range(count):
        shares, whole = generator.random(11).tolist(), generator.integers(0, 600, 3).tolist()
        doc = Doc(
            request_id=f"{seed}-{number}",
            champion="abc"[whole[0] % 3],
            challenger="abc"[whole[1] % 3],
            hour=50 * shares[0],
            segment=None if whole[1] % 10 == 0 else f"segment {whole[0] % 150}",
            tokens=whole[2],
            confidence=(shares[1], shares[2]),
            margin=(shares[3], shares[4]),
            entropy=(shares[5], shares[6]),
            cpu_s=(shares[7], shares[8]),
            divergence=shares[9],
        )
        docs.append(missed(doc, reasons[number % 5]) if number % 9 == 0 else doc)
    return docs


def parts_of(docs: Sequence[Doc], sizes: Iterable[int]) -> list[list[Doc]]:
    """Cut documents into batches of these sizes, and a last one with the rest."""
    rest, parts = list(docs), []
    for size in sizes:
        parts.append(rest[:size])
        rest = rest[size:]
    return [*parts, rest]


@given(traffic.docs(), st.randoms(use_true_random=False), st.lists(st.integers(0, 5), max_size=5))
def test_any_order_batches_and_merges_give_the_same_evidence(
    docs: list[Doc], random: Random, sizes: list[int]
) -> None:
    """Nothing depends on when and where a document was observed."""
    expected = state(pair_evidence(docs))
    shuffled = random.sample(docs, len(docs))
    parts = parts_of(shuffled, sizes)
    assert state(pair_evidence(*parts)) == expected
    assert state(merged(pair_evidence(part) for part in parts)) == expected


@pytest.mark.parametrize("seed", range(2))
def test_more_segments_than_are_kept_do_not_depend_on_the_order(seed: int) -> None:
    """Of 150 segments the same 64 are kept with the same sums, in replicas that know of fewer."""
    docs = mixed(seed, 900)
    expected = pair_evidence(docs)
    assert len(expected.cells.segments) == MAX_SEGMENTS
    assert any(cell.segment == OTHER_SEGMENTS for cell in expected.cells.sums)
    shuffled = [docs[row] for row in np.random.default_rng(seed).permutation(len(docs)).tolist()]
    replicas = parts_of(shuffled, [50, 100, 1, 0, 400])
    pieces = [pair_evidence(*parts_of(replica, [7, 30])) for replica in replicas]
    left, right = merged(pieces[::2]), merged(pieces[1::2])
    assert state(merged([right, left])) == state(expected)
    assert state(pair_evidence(*[[doc] for doc in shuffled])) == state(expected)


def test_documents_are_counted_by_what_became_of_them() -> None:
    """Compared, missed for a reason, and answered with a label that the other does not have."""
    docs = [
        Doc("1", hour=2),
        Doc("2", challenger="b", hour=1),
        missed(Doc("3"), Missed.ERROR),
        missed(Doc("4", hour=3), Missed.QUEUE_FULL),
        Doc("5", challenger="new", comparable=False),
    ]
    evidence = pair_evidence(docs)
    assert (evidence.observations, evidence.compared, evidence.misses) == (5, 3, 2)
    assert (evidence.errors, sum(evidence.not_comparable.sums.values())) == (1, 1)
    assert evidence.outcomes == {COMPARED: 3, "error": 1, "queue_full": 1}
    assert (evidence.total.compared, evidence.total.agreed) == (2, 1)
    assert evidence.labels == {("a", "a"): 1, ("a", "b"): 1}
    hour_us = 3_600_000_000
    assert evidence.first_us == traffic.START_US
    assert evidence.last_us == traffic.START_US + 3 * hour_us


def test_nothing_is_known_of_no_document() -> None:
    """An empty batch is no observation, and has no time."""
    evidence = pair_evidence([])
    assert (evidence.observations, evidence.misses, evidence.first_us) == (0, 0, None)
    assert evidence.total == PairSums()


def test_a_batch_that_was_missed_altogether_counts() -> None:
    """A challenger that never answered has misses, and no sums."""
    evidence = pair_evidence([missed(Doc(str(number))) for number in range(3)])
    assert (evidence.misses, evidence.compared) == (3, 0)
    assert evidence.total == PairSums()
    assert not evidence.null_sums.any()


@given(traffic.docs(segments=3))
def test_parts_sum_up_to_the_total(docs: list[Doc]) -> None:
    """Classes, and segments with the documents of none, have each document once."""
    evidence = pair_evidence(docs)
    by_class = [evidence.of_class(label) for label in "abc"]
    assert sum(by_class, PairSums()) == evidence.total
    none = sum((s for cell, s in evidence.cells.sums.items() if cell.segment is None), PairSums())
    by_segment = [evidence.of_segment(name) for name in evidence.cells.segments]
    assert sum(by_segment, none) == evidence.total
    assert evidence.labels.total() == evidence.total.compared


@given(traffic.docs())
def test_copies_have_the_signs_of_the_ids(docs: list[Doc]) -> None:
    """Each copy sums the differences of confidence with the signs of id and moment."""
    compared = [doc for doc in docs if doc.comparable]
    shifts = [round(Fraction(doc.confidence[1] - doc.confidence[0]) * UNIT) for doc in compared]
    moments = traffic.columns(compared).observed_at.tolist()
    ids = [f"{at} {doc.request_id}" for at, doc in zip(moments, compared, strict=True)]
    signs = null_signs(digests(ids)).tolist()
    expected = [
        sum(shift * row[copy] for shift, row in zip(shifts, signs, strict=True))
        for copy in range(100)
    ]
    assert pair_evidence(docs).null_sums.tolist() == expected


@pytest.mark.parametrize(
    ("cpu_s", "ratio"),
    [
        ((0.01, 0.02), 2.0),
        ((0.02, 0.01), 0.5),
        ((0.001, 1.0), MAX_COST_RATIO),
        ((1.0, 0.001), 1 / MAX_COST_RATIO),
        ((nan, 0.01), None),
        ((0.01, nan), None),
        ((0.0, 0.01), None),
        ((0.01, 0.0), None),
    ],
)
def test_costs_are_compared_where_both_are_known(
    cpu_s: tuple[float, float], ratio: float | None
) -> None:
    """The logarithm of their ratio is summed, clipped, and nothing where one is not known."""
    cost = pair_evidence([Doc("1", cpu_s=cpu_s), Doc("2", cpu_s=(nan, nan))]).cost
    if ratio is None:
        assert cost == CostSums()
    else:
        assert (cost.documents, cost.squares) == (1, cost.ratio**2)
        assert cost.ratio / UNIT == pytest.approx(log(ratio), abs=1 / UNIT)


def test_eligible_and_missed_documents_are_counted_by_stratum() -> None:
    """By length in powers of two, by the champion's label, and by segment."""
    lengths = [0, 1, 2, 3, 4, 511, 512]
    docs = [Doc(str(tokens), tokens=tokens, segment="emea") for tokens in lengths]
    outside = Doc("none", "b", "new", tokens=3, comparable=False)
    evidence = pair_evidence([*docs[:-1], missed(docs[-1])], [outside])
    expected = {
        "0 to 0 tokens": 1,
        "1 to 1 tokens": 1,
        "2 to 3 tokens": 3,
        "4 to 7 tokens": 1,
        "256 to 511 tokens": 1,
        "512 to 1023 tokens": 1,
    }
    found = evidence.eligible.sums
    assert {key.name: n for key, n in found.items() if key.dimension == "length"} == expected
    assert found[Stratum("class", "a")] == 7
    assert found[Stratum("class", "b")] == 1
    assert {key.name: n for key, n in found.items() if key.dimension == "segment"} == {"emea": 7}
    assert evidence.missed.sums == {
        Stratum("length", "512 to 1023 tokens"): 1,
        Stratum("class", "a"): 1,
        Stratum("segment", "emea"): 1,
    }


@pytest.mark.parametrize("name", ["", "\0other", "other", "\x1b[0m", "x" * 10_000])
def test_odd_segments_and_labels_keep_to_themselves(name: str) -> None:
    """What clients send as a segment is neither another segment nor the others nor a class."""
    docs = [Doc("1", segment=name), Doc("2"), Doc("3", name, name, segment="usual")]
    evidence = pair_evidence([*docs, replace(docs[0], request_id="4")])
    assert set(evidence.cells.sums) == {Cell(name, "a"), Cell(None, "a"), Cell("usual", name)}
    assert evidence.of_segment(name).compared == 2
    assert evidence.of_class(name).compared == 1
    assert evidence.of_segment(OTHER_SEGMENTS).compared == 0
