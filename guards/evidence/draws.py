"""Which disagreements were drawn for labelling, and up to when all of them are labelled.

A drawn document whose label is still missing may be a hard one, so that the labels which are there
would mislead. Documents therefore enter the evidence in blocks of ten minutes and in order, up to
the first block in which a drawn one has no label and was not given up. Later blocks wait though
they be complete: a block without a drawn document always is, and would tell only of agreements.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.evidence.labels import LabelSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from guards.evidence.labelled_pairs import LabelledPair
    from guards.evidence.labels import KnownLabels, TrueLabel

__all__ = ["MIN_PROBABILITY", "Draws", "drawn_disagreements"]

MIN_PROBABILITY = 0.1
"""Disagreements that were drawn with a smaller probability weigh too much to be used."""


@dataclass(frozen=True, slots=True)
class Draws:
    """The disagreements that were drawn.

    ``probabilities`` maps blocks to the largest probability with which their disagreements were
    drawn. ``complete`` maps those that may be used to the largest one whose draw is labelled in
    full, and ``drawn`` holds the pairs of these draws. ``waiting`` counts drawn documents without a
    label, ``off_rule`` those that the labels call drawn and the hash of their id does not draw, and
    ``too_rare`` those that were drawn with too small a probability.
    """

    probabilities: Mapping[int, float]
    complete: Mapping[int, float]
    drawn: tuple[LabelledPair, ...]
    waiting: int
    off_rule: int
    too_rare: int


def drawn_disagreements(
    pairs: Iterable[LabelledPair], known: KnownLabels, blocks: Iterable[int]
) -> Draws:
    """Return the draws that the labels tell of; ``blocks`` are those with documents."""
    rows = [(pair, known.labels.get(pair.request_id)) for pair in pairs if not pair.agree]
    queued = [(pair, label) for pair, label in rows if label and _is_draw(label)]
    draws = _draws(queued, sorted(blocks))
    largest = {block: probabilities[0] for block, probabilities in draws.items()}
    unfinished = [pair for pair, label in rows if not _is_finished(label)]
    complete = _complete(draws, unfinished)
    return Draws(
        probabilities=largest,
        complete=complete,
        drawn=tuple(pair for pair, _ in rows if pair.number < complete.get(pair.block, 0.0)),
        waiting=sum(pair.number < largest.get(pair.block, 0.0) for pair in unfinished),
        off_rule=sum(pair.number >= largest.get(pair.block, 1.0) for pair, _ in queued),
        too_rare=sum(label is not None and _is_too_rare(label) for _, label in rows),
    )


def _is_draw(label: TrueLabel) -> bool:
    return label.source is LabelSource.QUEUE and not _is_too_rare(label)


def _is_too_rare(label: TrueLabel) -> bool:
    probability = label.inclusion_probability or 0.0
    return label.source is LabelSource.QUEUE and probability < MIN_PROBABILITY


def _is_finished(label: TrueLabel | None) -> bool:
    return label is not None and (label.label is not None or label.given_up)


def _complete(
    draws: Mapping[int, Sequence[float]], unfinished: Iterable[LabelledPair]
) -> dict[int, float]:
    """Return the blocks before the first one of which no draw is labelled in full."""
    # A draw is complete where the smallest number without a label is not in it.
    smallest: dict[int, float] = {}
    for pair in unfinished:
        smallest[pair.block] = min(pair.number, smallest.get(pair.block, 1.0))
    complete: dict[int, float] = {}
    for block, probabilities in sorted(draws.items()):
        full = [p for p in probabilities if p <= smallest.get(block, 1.0)]
        if not full:
            break
        complete[block] = full[0]
    return complete


def _draws(
    queued: Iterable[tuple[LabelledPair, TrueLabel]], blocks: Sequence[int]
) -> dict[int, list[float]]:
    """Return the probabilities of the draws of each block, the largest first.

    A draw reaches from the first block that a stratum and probability have a document of to the
    last: of a block in between, nothing was drawn.
    """
    found: defaultdict[tuple[str | None, float], list[int]] = defaultdict(list)
    for pair, label in queued:
        found[label.stratum, label.inclusion_probability or 0.0].append(pair.block)
    draws: defaultdict[int, list[float]] = defaultdict(list)
    for (_, probability), drawn in found.items():
        first, last = bisect_left(blocks, min(drawn)), bisect_right(blocks, max(drawn))
        for block in blocks[first:last]:
            draws[block].append(probability)
    return {block: sorted(probabilities, reverse=True) for block, probabilities in draws.items()}
