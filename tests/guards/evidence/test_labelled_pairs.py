"""The latest answers to documents."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from guards.evidence.columns import COMPARED
from guards.evidence.labelled_pairs import BLOCK_US, LabelledPair, LabelledPairs, Population
from guards.evidence.pair_sums import Cell
from guards.evidence.sampling import digests, uniforms
from guards.evidence.segments import MAX_SEGMENTS, OTHER_SEGMENTS
from tests.guards.evidence import traffic
from tests.guards.evidence.traffic import Doc, missed

if TYPE_CHECKING:
    from collections.abc import Sequence

START = traffic.START_US // BLOCK_US


def kept(
    *batches: Sequence[Doc], names: frozenset[str] = frozenset(), disagreements: bool = True
) -> LabelledPairs:
    """Return what is kept of batches."""
    pairs = LabelledPairs(names, disagreements=disagreements)
    for batch in batches:
        pairs.update(traffic.columns(batch))
    return pairs


def pair(doc: Doc) -> LabelledPair:
    """Return the answers to one document."""
    return LabelledPair(
        request_id=doc.request_id,
        observed_us=traffic.START_US + round(doc.hour * 3_600_000_000),
        cell=Cell(doc.segment, doc.champion),
        challenger_label=doc.challenger,
        champion_confidence=doc.confidence[0],
        challenger_confidence=doc.confidence[1],
        number=float(uniforms(digests([doc.request_id]))[0]),
    )


@given(
    docs=traffic.docs(),
    names=st.sets(st.integers(0, 6).map(str)),
    cut=st.integers(0, 7),
    disagreements=st.booleans(),
)
def test_labelled_documents_and_disagreements_are_kept(
    *, docs: list[Doc], names: set[str], cut: int, disagreements: bool
) -> None:
    """With both answers; all compared documents are counted by block, cell and agreement."""
    pairs = kept(docs[cut:], docs[:cut], names=frozenset(names), disagreements=disagreements)
    compared = [doc for doc in docs if doc.outcome == COMPARED]
    expected = {
        doc.request_id: pair(doc)
        for doc in compared
        if doc.request_id in names or (disagreements and doc.champion != doc.challenger)
    }
    assert pairs.pairs == expected
    assert {found.request_id: found for found in pairs.kept_pairs()} == expected
    assert pairs.population.sums == Counter(
        Population(
            START + int(doc.hour * 6),
            Cell(doc.segment, doc.champion),
            doc.champion == doc.challenger,
        )
        for doc in compared
    )
    assert pairs.seen == {doc.request_id for doc in docs} & names


def test_only_the_last_answers_to_a_document_count() -> None:
    """A document that was sent three times is one, even if its last answer was missed."""
    first, latest = Doc("1", "a", "b", last=False), Doc("1", "a", "a", hour=2)
    lost = [Doc("2", "a", "b", last=False), missed(Doc("2", hour=1))]
    pairs = kept([latest, *lost], [first, replace(first, hour=1)], names=frozenset({"1", "2"}))
    assert pairs.pairs == {"1": pair(latest)}
    assert pairs.population.sums == {Population(START + 12, Cell(None, "a"), agree=True): 1}
    assert pairs.seen == {"1", "2"}


def test_an_hour_ends_where_the_next_begins() -> None:
    """The last microsecond belongs to it, and the next one does not."""
    end = 1 / 6 - 1 / 3_600_000_000
    pairs = kept([Doc("1", hour=end), Doc("2", hour=1 / 6)], names=frozenset({"1", "2"}))
    assert [found.block - START for found in pairs.kept_pairs()] == [0, 1]


def test_pairs_of_segments_without_figures_are_in_the_others() -> None:
    """As their documents are, in the order of the hashes and not of the batches."""
    docs = [Doc(str(number), "a", "b", segment=f"segment {number}") for number in range(100)]
    forward, backward = kept(docs), kept(docs[::-1][:30], docs[::-1][30:])
    assert forward.population.sums == backward.population.sums
    assert set(forward.kept_pairs()) == set(backward.kept_pairs())
    segments = Counter(found.cell.segment for found in forward.kept_pairs())
    assert segments[OTHER_SEGMENTS] == 100 - MAX_SEGMENTS
    assert segments.keys() - {OTHER_SEGMENTS} == forward.population.segments
