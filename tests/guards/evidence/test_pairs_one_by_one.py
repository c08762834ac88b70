"""Labelled answers that come one by one, as they do while the service runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from guards.evidence.label_evidence import label_evidence
from guards.evidence.labelled_pairs import LabelledPair, LabelledPairs
from guards.evidence.labels import KnownLabels, LabelSource, TrueLabel
from guards.evidence.pair_sums import Cell
from guards.evidence.segments import OTHER_SEGMENTS
from guards.moments import microseconds

ANSWERED = datetime(2026, 3, 1, 8, 30, 0, 123457, tzinfo=UTC)


def labelled_pair(request_id: str, segment: str | None = None, number: float = 0.9) -> LabelledPair:
    """Make a disagreement; a draw with a probability above the number draws it."""
    cell = Cell(segment, "letter")
    return LabelledPair(request_id, microseconds(ANSWERED), cell, "memo", 0.75, 0.5, number)


@pytest.mark.parametrize("delay_us", [1, 333_333, 86_400_000_001])
def test_a_label_counts_the_moment_it_comes(delay_us: int) -> None:
    """Where labels take so long that this one is just ripe, it counts, to the microsecond."""
    pairs = LabelledPairs({"a"}, disagreements=False)
    pairs.pairs["a"] = labelled_pair("a")
    labelled_at = ANSWERED + timedelta(microseconds=delay_us)
    known = KnownLabels([TrueLabel("a", "memo", labelled_at=labelled_at)])
    evidence = label_evidence(pairs, known, microseconds(labelled_at))
    assert evidence.counts.unripe == 0
    assert evidence.ripe_s == delay_us / 1e6
    assert sum(tally.wins for tally in evidence.tallies.values()) == 1


def test_without_a_population_no_draw_is_off_the_rule() -> None:
    """Which documents were drawn is not known of an hour that nobody counted; figures need not."""
    pairs = LabelledPairs(frozenset(), disagreements=False)
    pairs.add("drawn", labelled_pair("drawn", number=0.2))
    pairs.add("picked", labelled_pair("picked", number=0.9))
    labels = [
        TrueLabel(request_id, "memo", LabelSource.QUEUE, "all", 0.5)
        for request_id in ("drawn", "picked")
    ]
    evidence = label_evidence(pairs, KnownLabels(labels), microseconds(ANSWERED))
    assert evidence.counts.off_rule == 0
    assert evidence.tallies == {}
    assert [pair.request_id for pair, _ in evidence.pairs] == ["drawn"]
    assert sum(evidence.answers.values()) == 1


def test_a_document_without_comparable_answers_is_not_compared() -> None:
    """Of two labelled documents one was compared: the other is counted as not compared."""
    pairs = LabelledPairs(frozenset(), disagreements=False)
    pairs.add("a", labelled_pair("a"))
    pairs.add("b", None)
    known = KnownLabels([TrueLabel("a", "memo"), TrueLabel("b", "memo"), TrueLabel("c", "memo")])
    counts = label_evidence(pairs, known, microseconds(ANSWERED)).counts
    assert (counts.labelled, counts.not_compared, counts.unmatched) == (3, 1, 1)


def test_segments_that_are_kept_have_labels_of_their_own() -> None:
    """A label of a kept segment is found under its name, and others are summed."""
    pairs = LabelledPairs(frozenset(), disagreements=False)
    pairs.population.keep(["emea"])
    for request_id, segment in (("a", "emea"), ("b", "apac"), ("c", None)):
        pairs.add(request_id, labelled_pair(request_id, segment))
    segments = [pair.cell.segment for pair in pairs.kept_pairs()]
    assert segments == ["emea", OTHER_SEGMENTS, None]


def test_a_copy_of_labels_does_not_change() -> None:
    """Labels, corrections and counts that come later are those of the original alone."""
    known = KnownLabels(
        [
            TrueLabel("a", "memo"),
            TrueLabel("a", "letter"),
            TrueLabel("a", "letter", LabelSource.CORRECTION),
        ]
    )
    before = known.copy()
    known.add(TrueLabel("a", "invoice"))
    known.add(TrueLabel("b", "memo"))
    assert before.came == {"a"}
    assert known.came == {"a", "b"}
    assert (before.labels["a"].label, before.corrections["a"].label) == ("letter", "letter")
    assert (before.repeated, before.contradicted) == (1, 1)
