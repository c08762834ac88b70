"""Which documents to label next: disagreements, and a random share of agreements.

Only labels of disagreements move the gain in accuracy, and only labels of agreements tell either
accuracy, so that at least a fifth of a queue is drawn from them. Disagreements are drawn by the
hash of their id against one probability, agreements in equal shares by chance; each row says from
which stratum it was drawn and with which probability.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.evidence.columns import COMPARED
from guards.evidence.draws import MIN_PROBABILITY
from guards.evidence.labelled_pairs import BLOCK_US
from guards.evidence.pair_sums import NEAR_BOUNDARY
from guards.evidence.sampling import digests, uniforms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from guards.evidence.columns import PairColumns

__all__ = ["AGREEMENT", "BOUNDARY", "DISAGREEMENT", "LabelQueue", "QueueRow", "draw_queue"]

DISAGREEMENT = "disagreement"
BOUNDARY = "agreement near the boundary"
AGREEMENT = "agreement"

_AGREEMENT_SHARE = 0.2
_PROBABILITIES = (1.0, 0.75, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, MIN_PROBABILITY)
"""Few values, so that several queues have the same one: the labels of all then count alike."""


class QueueRow(NamedTuple):
    """A document to label, why it was drawn, and with which probability (0 to 1)."""

    request_id: str
    stratum: str
    inclusion_probability: float


@dataclass(frozen=True, slots=True)
class LabelQueue:
    """The rows of a queue, disagreements first and in the order of time.

    ``strata`` counts the documents that each stratum was drawn from, ``labelled`` those of the
    drawn ones that have a label already and are not in the queue. ``from_us`` is where the period
    of the documents begins, in microseconds since 1970, None where it is the whole log.
    """

    rows: tuple[QueueRow, ...]
    strata: Counter[str]
    labelled: int
    from_us: int | None


class _Candidate(NamedTuple):
    observed_us: int
    number: float
    request_id: str


def draw_queue(batches: Iterable[PairColumns], labelled: Collection[str], size: int) -> LabelQueue:
    """Draw about ``size`` documents from those that one challenger has answered.

    ``labelled`` are the request ids that have a label.
    """
    strata = _strata(batches)
    disagreements = strata[DISAGREEMENT]
    room = size - ceil(_AGREEMENT_SHARE * size)
    unlabelled = [row for row in disagreements if row.request_id not in labelled]
    done = len(disagreements) - len(unlabelled)
    period = _latest(disagreements, (room + done) / MIN_PROBABILITY)
    probability = _probability(len(period), done, room)
    drawn = [row for row in period if row.number < probability]
    asked = [row for row in drawn if row.request_id not in labelled]
    rows = [QueueRow(row.request_id, DISAGREEMENT, probability) for row in sorted(asked)]
    from_us = None if len(period) == len(disagreements) else min(period).observed_us
    strata = {
        name: [row for row in candidates if from_us is None or row.observed_us >= from_us]
        for name, candidates in strata.items()
    }
    agreements = _agreements(strata, labelled, max(size - len(rows), size - room), size - room)
    return LabelQueue(
        rows=(*rows, *agreements),
        strata=Counter({name: len(candidates) for name, candidates in strata.items()}),
        labelled=len(drawn) - len(asked),
        from_us=from_us,
    )


def _strata(batches: Iterable[PairColumns]) -> dict[str, list[_Candidate]]:
    strata: dict[str, list[_Candidate]] = {DISAGREEMENT: [], BOUNDARY: [], AGREEMENT: []}
    for batch in batches:
        columns = batch.rows(batch.last & batch.outcomes.are(COMPARED))
        agree = columns.champion.labels.equals(columns.challenger.labels)
        margins = np.minimum(columns.champion.margin, columns.challenger.margin)
        numbers = uniforms(digests(columns.request_ids))
        rows = zip(columns.observed_at.tolist(), numbers.tolist(), columns.request_ids, strict=True)
        names = np.where(
            agree, np.where(margins < NEAR_BOUNDARY, BOUNDARY, AGREEMENT), DISAGREEMENT
        )
        for name, row in zip(names.tolist(), rows, strict=True):
            strata[name].append(_Candidate(*row))
    return strata


def _latest(disagreements: Sequence[_Candidate], most: float) -> Sequence[_Candidate]:
    """Return the disagreements of the latest blocks that are together no more than ``most``."""
    blocks = Counter(row.observed_us // BLOCK_US for row in disagreements)
    first, count = None, 0
    for block in sorted(blocks, reverse=True):
        count += blocks[block]
        if first is not None and count > most:
            break
        first = block
    return [row for row in disagreements if row.observed_us // BLOCK_US >= (first or 0)]


def _probability(documents: int, labelled: int, room: int) -> float:
    """Return the largest probability whose draw has room; it depends on counts, not on the draw.

    Two standard deviations are left, so that the draw seldom needs more room than there is.
    """
    for probability in _PROBABILITIES:
        expected = probability * documents
        if expected + 2 * sqrt(expected * (1 - probability)) - labelled <= room:
            return probability
    return MIN_PROBABILITY


def _agreements(
    strata: dict[str, list[_Candidate]], labelled: Collection[str], size: int, least: int
) -> Iterator[QueueRow]:
    """Yield random agreements; beyond the least number, half are drawn near the boundary."""
    near, others = (
        [row for row in strata[name] if row.request_id not in labelled]
        for name in (BOUNDARY, AGREEMENT)
    )
    from_near = min((size - least) // 2, len(near))
    if not from_near:
        yield from _equal_shares([*near, *others], AGREEMENT, size)
        return
    yield from _equal_shares(near, BOUNDARY, from_near)
    yield from _equal_shares(others, AGREEMENT, size - from_near)


def _equal_shares(candidates: Sequence[_Candidate], stratum: str, size: int) -> Iterator[QueueRow]:
    """Yield a random sample of this size; the hashes of ids are the random numbers."""
    chosen = sorted(candidates, key=lambda row: row.number)[:size]
    for row in sorted(chosen):
        yield QueueRow(row.request_id, stratum, len(chosen) / len(candidates))
