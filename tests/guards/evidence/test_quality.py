"""Whether the data behind a verdict can be trusted."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.evidence.quality import coverage_criteria, label_rate_criteria
from guards.evidence.sampling import digests, uniforms
from guards.evidence.segments import MAX_SEGMENTS
from tests.guards.evidence.traffic import Doc, labelled, missed, pair_evidence, queued, truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from guards.evidence.criteria import Criterion


def by_name(criteria: Iterable[Criterion]) -> dict[str, Criterion]:
    """Return criteria by their names."""
    return {criterion.name: criterion for criterion in criteria}


def coverage(docs: Sequence[Doc]) -> dict[str, Criterion]:
    """Return the criteria on coverage."""
    return by_name(coverage_criteria(pair_evidence(docs)))


def with_misses(docs: Sequence[Doc], every: int) -> list[Doc]:
    """Return the documents, of which one in so many is missed."""
    return [doc if row % every else missed(doc) for row, doc in enumerate(docs)]


LONG = [Doc(f"long {row}", "b", "b", tokens=500, segment="emea") for row in range(400)]
SHORT = [Doc(f"short {row}", "a", tokens=10, segment="apac") for row in range(400)]


def test_misses_that_hit_all_alike_are_no_matter() -> None:
    """Half of the documents may be missed, if it is half of each length, class and segment."""
    criteria = coverage([*with_misses(LONG, 2), *with_misses(SHORT, 2)])
    assert list(criteria) == ["coverage:length", "coverage:class", "coverage:segment"]
    for criterion in criteria.values():
        assert (criterion.kind, criterion.shown) == ("quality", False)
        assert (
            criterion.words
            == f"{criterion.name}: no stratum is missed more than others beyond chance"
        )
        assert criterion.needed == pytest.approx(60)


def test_misses_of_one_stratum_are_shown() -> None:
    """The words name it, how often it was missed, and how often all were."""
    more = [replace(doc, request_id=f"{doc.request_id} again") for doc in SHORT]
    criteria = coverage([*with_misses(LONG, 2), *with_misses([*SHORT, *more], 10)])
    for dimension, name in (("length", "256 to 511 tokens"), ("class", "b"), ("segment", "emea")):
        criterion = criteria[f"coverage:{dimension}"]
        assert criterion.shown
        assert criterion.words == (
            f"coverage:{dimension}: of 400 documents of {name!r} 50.0% are missed, "
            "where 23.3% would be expected"
        )
        assert criterion.evidence is not None
        assert criterion.needed is not None
        assert criterion.evidence > criterion.needed


def test_documents_without_a_segment_are_in_no_stratum() -> None:
    """They are missed without being more or less missed than any segment."""
    docs = [replace(doc, segment=None) for doc in LONG]
    assert not coverage([*with_misses(docs, 1), *SHORT])["coverage:segment"].shown


@pytest.mark.parametrize("docs", [[], LONG[:1], with_misses(LONG, 1)])
def test_little_shows_nothing(docs: list[Doc]) -> None:
    """No document, one, and none that was compared."""
    for criterion in coverage(docs).values():
        assert (criterion.shown, criterion.evidence is None) == (False, False)


def many_segments() -> list[Doc]:
    """Return documents of 100 segments, 10 of which have no figures and are always missed."""
    names = sorted((f"segment {number}" for number in range(100)), key=_hash)
    always, once = set(names[MAX_SEGMENTS:][:10]), set(names[:30])
    docs = [Doc(f"{name} {row}", segment=name) for name in names for row in range(20)]
    return [
        missed(doc) if doc.segment in always or (doc.segment in once and row % 20 == 0) else doc
        for row, doc in enumerate(docs)
    ]


def _hash(name: str) -> bytes:
    return sha256(name.encode()).digest()


def test_missed_segments_may_be_among_the_others() -> None:
    """Fewer segments are missed than there are: each miss is weighed with its own documents."""
    criterion = coverage(many_segments())["coverage:segment"]
    assert criterion.shown
    assert criterion.words == (
        "coverage:segment: of 720 documents of all other segments 27.8% are missed, "
        "where 11.5% would be expected"
    )


def test_a_segment_that_is_called_others_is_not_them() -> None:
    """A name that a client chose is in quotes."""
    docs = [replace(doc, segment="all other segments") for doc in LONG]
    criterion = coverage([*with_misses(docs, 2), *SHORT, *LONG])["coverage:segment"]
    assert "of 400 documents of 'all other segments'" in criterion.words


@pytest.mark.parametrize("seed", range(2))
def test_the_evidence_does_not_depend_on_the_order(seed: int) -> None:
    """To the last digit, and the same stratum is named."""
    docs = many_segments()
    shuffled = [docs[row] for row in np.random.default_rng(seed).permutation(len(docs)).tolist()]
    assert coverage(shuffled) == coverage(docs)
    labels = [truth(doc.request_id, "a") for doc in docs[::3]]
    expected = list(label_rate_criteria(labelled(docs, labels)))
    assert list(label_rate_criteria(labelled(shuffled, labels))) == expected


def differing(docs: Sequence[Doc]) -> list[Doc]:
    """Return the documents with another label of the challenger's."""
    return [replace(doc, request_id=f"{doc.request_id} differs", challenger="c") for doc in docs]


def test_labels_that_come_for_some_are_shown() -> None:
    """Apart for agreements and disagreements, by class and segment."""
    docs = [*LONG, *SHORT, *differing(LONG), *differing(SHORT)]
    often = [*LONG[::2], *SHORT[::2], *differing(LONG)[::2], *differing(SHORT)[::10]]
    labels = [truth(doc.request_id, "a") for doc in often]
    criteria = by_name(label_rate_criteria(labelled(docs, labels)))
    assert {name: criterion.shown for name, criterion in criteria.items()} == {
        "labels:agreement": True,
        "labels:agreements:class": False,
        "labels:agreements:segment": False,
        "labels:disagreements:class": True,
        "labels:disagreements:segment": True,
    }
    words = criteria["labels:disagreements:class"].words
    assert "of 400 documents of 'a' 10.0% are labelled, where 30.0% would be expected" in words
    assert {criterion.needed for criterion in criteria.values()} == {100}


def test_draws_are_compared_with_their_probability() -> None:
    """A class whose drawn documents were given up again and again is shown."""
    docs = [*differing(LONG), *differing(SHORT)]
    numbers = uniforms(digests([doc.request_id for doc in docs])).tolist()
    there = [doc for doc, number in zip(docs, numbers, strict=True) if number < 0.5]
    labels = [queued(doc.request_id, "a", 0.5) for doc in there]
    fair = by_name(label_rate_criteria(labelled(docs, labels)))
    assert not any(criterion.shown for criterion in fair.values())
    given_up = [
        replace(label, label=None, given_up=True) if doc.champion == "b" and row % 2 else label
        for row, (doc, label) in enumerate(zip(there, labels, strict=True))
    ]
    unfair = by_name(label_rate_criteria(labelled(docs, given_up)))
    assert {name for name, criterion in unfair.items() if criterion.shown} == {
        "labels:drawn at 0.5:class",
        "labels:drawn at 0.5:segment",
    }
    assert "of 'b'" in unfair["labels:drawn at 0.5:class"].words
    assert "where 50.0% would be expected" in unfair["labels:drawn at 0.5:class"].words
