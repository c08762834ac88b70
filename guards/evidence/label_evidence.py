"""What true labels say of one challenger: where one variant alone is right, and of what kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from guards.evidence.draws import drawn_disagreements
from guards.evidence.gain import Tally
from guards.evidence.labelled_pairs import BLOCK_US, Population
from guards.evidence.labels import LabelSource
from guards.moments import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from guards.evidence.draws import Draws
    from guards.evidence.labelled_pairs import LabelledPair, LabelledPairs
    from guards.evidence.labels import KnownLabels, TrueLabel
    from guards.evidence.pair_sums import Cell

K = TypeVar("K")

__all__ = ["LabelCounts", "LabelEvidence", "LabelledAnswers", "label_evidence"]

_RECENT_BLOCKS = 144
_RIPE_SHARE = 0.95


class LabelledAnswers(NamedTuple):
    """Documents with one truth and the same answers; ``probability`` is that of being labelled.

    The probability is 1 where the label came regardless of the answers.
    """

    cell: Cell
    challenger_label: str
    truth: str
    source: LabelSource
    probability: float

    @property
    def agree(self) -> bool:
        """Whether both variants give one label."""
        return self.cell.label == self.challenger_label


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """What became of the labels, in documents.

    Of the ``labelled`` ones, ``unmatched`` are in no log, ``not_compared`` have no answer of the
    challenger, ``unripe`` were answered too short a time ago, and ``undrawn`` ones came by chance
    in a block whose disagreements were drawn, which decide there. ``waiting`` documents were drawn
    and have no label yet, and ``given_up`` ones never will. ``off_rule`` ones are called drawn
    though the rule does not draw them, and ``too_rare`` ones had too small a probability.
    ``corrections`` are matched corrections, ``corrections_of_champion`` those among them that
    contradict the champion, and ``corrections_unmatched`` the others.
    """

    labelled: int = 0
    unmatched: int = 0
    not_compared: int = 0
    unripe: int = 0
    undrawn: int = 0
    waiting: int = 0
    given_up: int = 0
    off_rule: int = 0
    too_rare: int = 0
    corrections: int = 0
    corrections_of_champion: int = 0
    corrections_unmatched: int = 0
    repeated: int = 0
    contradicted: int = 0


@dataclass(frozen=True, slots=True)
class LabelEvidence:
    """The evidence of labels on one challenger.

    ``tallies`` are by cell and by the probability with which disagreements were drawn; ``recent``
    ones, by the probability, are of the last day that has any. ``answers`` count labelled documents
    and ``pairs`` holds them, twice where a document was drawn and has a label regardless, too.
    ``labelled`` and ``ripe`` count documents that could have a label by chance, with one and in
    all, and ``ripe_s`` is how old they are at least, in seconds. ``drawn`` counts, where
    disagreements were drawn, those with a label and all of them, by cell and by the probability of
    the draw.
    """

    tallies: Mapping[tuple[Cell, float], Tally]
    recent: Mapping[float, Tally]
    answers: Mapping[LabelledAnswers, int]
    pairs: tuple[tuple[LabelledPair, TrueLabel], ...]
    labelled: Mapping[Population, int]
    ripe: Mapping[Population, int]
    drawn: Mapping[tuple[Cell, float], tuple[int, int]]
    counts: LabelCounts
    ripe_s: float


class _Part(NamedTuple):
    """What documents of one block and cell add to the tallies."""

    block: int
    cell: Cell
    probability: float
    tally: Tally


def label_evidence(
    pairs: LabelledPairs, known: KnownLabels, last_us: int, ripe_s: float | None = None
) -> LabelEvidence:
    """Weigh the labels that are known of documents.

    ``last_us`` is the last moment of the logs, in microseconds since 1970. A label that came
    regardless of the answers counts once its document is ``ripe_s`` seconds old, by default the
    95th percentile of the time that labels took: of younger ones only the quick labels are there.
    """
    population = pairs.population.sums
    rows = _rows(pairs, known)
    if ripe_s is None:
        ripe_s = _usual_delay_s(rows)
    ripe_us = last_us - round(ripe_s * 1e6) if ripe_s > 0 else last_us + BLOCK_US
    came = [
        (pair, replace(label, source=LabelSource.TRUTH))
        for pair, label in rows
        if pair.request_id in known.came
    ]
    truths = [row for row in came if row[0].observed_us <= ripe_us]
    draws = drawn_disagreements(
        pairs.kept_pairs(), known, {documents.block for documents in population}
    )
    drawn = [
        (pair, _as_drawn(pair, label, draws)) for pair, label in rows if _is_drawn(pair, label)
    ]
    queued = _rescaled(drawn, population)
    parts = [*_of_truths(truths, draws), *_of_draws(population, draws, known)]
    ripe_block = ripe_us // BLOCK_US
    return LabelEvidence(
        tallies=_summed(((part.cell, part.probability), part.tally) for part in parts),
        recent=_recent(parts),
        answers=Counter(_answers(pair, label) for pair, label in (*truths, *queued)),
        pairs=tuple(sorted((*truths, *queued), key=lambda row: row[0].request_id)),
        labelled=Counter(
            Population(pair.block, pair.cell, pair.agree)
            for pair, _ in truths
            if pair.block < ripe_block
        ),
        ripe={
            documents: count
            for documents, count in population.items()
            if documents.block < ripe_block
        },
        drawn=_drawn_rates(population, draws, known),
        counts=_counts(pairs, known, draws, unripe=len(came) - len(truths)),
        ripe_s=ripe_s,
    )


def _rows(pairs: LabelledPairs, known: KnownLabels) -> list[tuple[LabelledPair, TrueLabel]]:
    """Return the compared documents that have a label, with it."""
    labels = ((pair, known.labels.get(pair.request_id)) for pair in pairs.kept_pairs())
    return [(pair, label) for pair, label in labels if label and label.label is not None]


def _is_drawn(pair: LabelledPair, label: TrueLabel) -> bool:
    """Return whether a label is that of a draw, and the rule, if it is a disagreement, draws it."""
    by_rule = pair.agree or pair.number < (label.inclusion_probability or 0.0)
    return label.source is LabelSource.QUEUE and by_rule


def _as_drawn(pair: LabelledPair, label: TrueLabel, draws: Draws) -> TrueLabel:
    """Return a label with the probability of its document in all draws together."""
    drawn_with = label.inclusion_probability if pair.agree else draws.probabilities.get(pair.block)
    return label if drawn_with is None else replace(label, inclusion_probability=drawn_with)


def _rescaled(
    drawn: Sequence[tuple[LabelledPair, TrueLabel]], population: Mapping[Population, int]
) -> list[tuple[LabelledPair, TrueLabel]]:
    """Return drawn documents with probabilities such that they stand for all of their period.

    Several queues stand for the same documents several times, and what is left out of a table
    stands for none: what was drawn of agreements, and of disagreements, stands for as many as there
    are between the first and the last drawn document.
    """
    drawn = sorted(drawn, key=lambda row: row[0].request_id)
    blocks = [pair.block for pair, _ in drawn]
    first, last = min(blocks, default=0), max(blocks, default=0)
    counted: Counter[bool] = Counter()
    for documents, count in population.items():
        if first <= documents.block <= last:
            counted[documents.agree] += count
    stood: dict[bool, float] = {
        agree: sum(1 / _probability(label) for pair, label in drawn if pair.agree == agree)
        for agree in (True, False)
    }
    return [
        (
            pair,
            replace(
                label,
                inclusion_probability=_probability(label)
                * stood[pair.agree]
                / (counted[pair.agree] or stood[pair.agree]),
            ),
        )
        for pair, label in drawn
    ]


def _probability(label: TrueLabel) -> float:
    return label.inclusion_probability or 1.0


def _usual_delay_s(rows: Iterable[tuple[LabelledPair, TrueLabel]]) -> float:
    """Return the 95th percentile of the seconds from answer to label; 0 where none is known."""
    # Whole numbers: a label that is just ripe must not miss it by a rounded microsecond.
    delays = sorted(
        max(microseconds(label.labelled_at) - pair.observed_us, 0)
        for pair, label in rows
        if label.labelled_at is not None and label.source is LabelSource.TRUTH
    )
    return delays[ceil(_RIPE_SHARE * len(delays)) - 1] / 1e6 if delays else 0.0


def _of_truths(truths: Iterable[tuple[LabelledPair, TrueLabel]], draws: Draws) -> Iterator[_Part]:
    for pair, label in truths:
        if pair.block not in draws.complete:
            yield _Part(pair.block, pair.cell, 1.0, _tally(pair, label, documents=1))


def _of_draws(
    population: Mapping[Population, int], draws: Draws, known: KnownLabels
) -> Iterator[_Part]:
    for (block, cell, _), count in population.items():
        if block in draws.complete:
            yield _Part(block, cell, draws.complete[block], Tally(documents=count))
    for pair in draws.drawn:
        tally = _tally(pair, known.labels[pair.request_id], documents=0)
        yield _Part(pair.block, pair.cell, draws.complete[pair.block], tally)


def _tally(pair: LabelledPair, label: TrueLabel, documents: int) -> Tally:
    if label.label is None:
        return Tally(documents, given_up=1)
    champion_right = pair.cell.label == label.label
    challenger_right = pair.challenger_label == label.label
    return Tally(
        documents,
        wins=int(challenger_right > champion_right),
        losses=int(champion_right > challenger_right),
        neither=int(not (pair.agree or champion_right or challenger_right)),
    )


def _recent(parts: Iterable[_Part]) -> dict[float, Tally]:
    """Return the tallies of the last day that has any, by probability."""
    parts = list(parts)
    last = max((part.block for part in parts), default=0)
    recent = (part for part in parts if part.block > last - _RECENT_BLOCKS)
    return _summed((part.probability, part.tally) for part in recent)


def _summed(tallies: Iterable[tuple[K, Tally]]) -> dict[K, Tally]:
    sums: dict[K, Tally] = {}
    for key, tally in tallies:
        sums[key] = sums.get(key, Tally()).plus(tally)
    return sums


def _drawn_rates(
    population: Mapping[Population, int], draws: Draws, known: KnownLabels
) -> dict[tuple[Cell, float], tuple[int, int]]:
    labelled = Counter(
        (pair.cell, draws.complete[pair.block])
        for pair in draws.drawn
        if known.labels[pair.request_id].label is not None
    )
    disagreed: Counter[tuple[Cell, float]] = Counter()
    for documents, count in population.items():
        if documents.block in draws.complete and not documents.agree:
            disagreed[documents.cell, draws.complete[documents.block]] += count
    return {key: (labelled[key], count) for key, count in disagreed.items()}


def _answers(pair: LabelledPair, label: TrueLabel) -> LabelledAnswers:
    drawn = label.source is LabelSource.QUEUE
    probability = _probability(label) if drawn else 1.0
    truth = label.label or ""
    return LabelledAnswers(pair.cell, pair.challenger_label, truth, label.source, probability)


def _counts(pairs: LabelledPairs, known: KnownLabels, draws: Draws, *, unripe: int) -> LabelCounts:
    labelled = [label for label in known.labels.values() if label.label is not None]
    corrected = [
        (pairs.pairs[name], label)
        for name, label in known.corrections.items()
        if name in pairs.pairs
    ]
    return LabelCounts(
        labelled=len(labelled),
        unmatched=sum(label.request_id not in pairs.seen for label in labelled),
        not_compared=sum(
            label.request_id in pairs.seen and label.request_id not in pairs.pairs
            for label in labelled
        ),
        unripe=unripe,
        undrawn=_undrawn(pairs, labelled, draws),
        waiting=draws.waiting + _waiting_agreements(pairs, known),
        given_up=sum(
            label.given_up and name in pairs.pairs for name, label in known.labels.items()
        ),
        off_rule=draws.off_rule,
        too_rare=draws.too_rare,
        corrections=len(corrected),
        corrections_of_champion=sum(pair.cell.label != label.label for pair, label in corrected),
        corrections_unmatched=len(known.corrections) - len(corrected),
        repeated=known.repeated,
        contradicted=known.contradicted,
    )


def _waiting_agreements(pairs: LabelledPairs, known: KnownLabels) -> int:
    waiting = (
        pairs.pairs.get(name)
        for name, label in known.labels.items()
        if label.label is None and not label.given_up
    )
    return sum(pair is not None and pair.agree for pair in waiting)


def _undrawn(pairs: LabelledPairs, labelled: Iterable[TrueLabel], draws: Draws) -> int:
    drawn = {pair.request_id for pair in draws.drawn}
    came = {label.request_id for label in labelled if label.source is LabelSource.TRUTH} - drawn
    return sum(pairs.pairs[name].block in draws.complete for name in came if name in pairs.pairs)
