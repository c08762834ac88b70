"""The latest answers to documents, as far as the evidence of labels needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.evidence.columns import COMPARED
from guards.evidence.pair_sums import Cell
from guards.evidence.sampling import digests, uniforms
from guards.evidence.segments import OTHER_SEGMENTS, SegmentSums

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from guards.evidence.columns import PairColumns

__all__ = ["BLOCK_US", "LabelledPair", "LabelledPairs", "Population", "labelled_pairs"]

BLOCK_US = 600_000_000
"""Microseconds of ten minutes: the block of time in which drawn documents enter the evidence."""


class LabelledPair(NamedTuple):
    """The answers of champion and challenger to a document that has a label, or may have one.

    ``observed_us`` is in microseconds since 1970, UTC. ``number`` (0 to 1) is what the hash of the
    request id gives: the document is drawn where it is below the probability of the draw.
    """

    request_id: str
    observed_us: int
    cell: Cell
    challenger_label: str
    champion_confidence: float
    challenger_confidence: float
    number: float

    @property
    def agree(self) -> bool:
        """Whether both variants give one label."""
        return self.cell.label == self.challenger_label

    @property
    def block(self) -> int:
        """The block of the observation, counted from 1970, UTC."""
        return self.observed_us // BLOCK_US


class Population(NamedTuple):
    """Documents of one block and cell on which the variants agree, or do not."""

    block: int
    cell: Cell
    agree: bool


class LabelledPairs:
    """Keeps the last answers to labelled documents, and counts all documents by block and cell.

    ``seen`` are the labelled documents of which there was any outcome. With ``disagreements`` the
    answers to every document with different labels are kept: which of them were drawn is known from
    the labels of others.
    """

    def __init__(
        self,
        request_ids: AbstractSet[str],
        *,
        disagreements: bool,
        guarded: Collection[str] = (),
    ) -> None:
        """Start empty; ``request_ids`` are those of the labelled documents.

        ``guarded`` segments have counts of their own in any case.
        """
        self.pairs: dict[str, LabelledPair] = {}
        self.population: SegmentSums[Population, int] = SegmentSums(
            lambda documents: documents.cell.segment,
            lambda documents, segment: documents._replace(cell=Cell(segment, documents.cell.label)),
            guarded,
        )
        self.seen: set[str] = set()
        self._request_ids = request_ids
        self._disagreements = disagreements

    def update(self, columns: PairColumns) -> None:
        """Take a batch; only compared rows that are the last of their document count."""
        self.seen.update(self._request_ids & set(columns.request_ids))
        columns = columns.rows(columns.last & columns.outcomes.are(COMPARED))
        agree = columns.champion.labels.equals(columns.challenger.labels)
        self.population.add(_population(columns, agree).items())
        kept = np.array([name in self._request_ids for name in columns.request_ids], dtype=bool)
        if self._disagreements:
            kept |= ~agree
        self.pairs.update({pair.request_id: pair for pair in labelled_pairs(columns.rows(kept))})

    def add(self, request_id: str, pair: LabelledPair | None) -> None:
        """Take the last outcome of a labelled document, which is not counted in the population.

        ``pair`` is None where the challenger has no answer.
        """
        self.seen.add(request_id)
        if pair is not None:
            self.pairs[request_id] = pair

    def kept_pairs(self) -> Iterator[LabelledPair]:
        """Yield the pairs; those of segments without figures of their own are in the others."""
        kept = {*self.population.segments, None}
        for pair in self.pairs.values():
            if pair.cell.segment in kept:
                yield pair
            else:
                yield pair._replace(cell=Cell(OTHER_SEGMENTS, pair.cell.label))


def labelled_pairs(columns: PairColumns) -> list[LabelledPair]:
    """Return the rows of compared documents one by one."""
    segments, labels = columns.segments, columns.champion.labels
    names = (*segments.names, None)
    cells = zip(segments.codes.tolist(), labels.codes.tolist(), strict=True)
    others = columns.challenger.labels
    rows = zip(
        columns.request_ids,
        columns.observed_at.tolist(),
        [Cell(names[segment], labels.names[label]) for segment, label in cells],
        [others.names[code] for code in others.codes.tolist()],
        columns.champion.confidence.tolist(),
        columns.challenger.confidence.tolist(),
        uniforms(digests(columns.request_ids)).tolist(),
        strict=True,
    )
    return [LabelledPair(*row) for row in rows]


def _population(columns: PairColumns, agree: NDArray[np.bool_]) -> dict[Population, int]:
    segments, labels = columns.segments, columns.champion.labels
    keys = [columns.observed_at // BLOCK_US, segments.codes, labels.codes, agree]
    distinct, counts = np.unique(np.stack(keys, axis=1), axis=0, return_counts=True)
    names = (*segments.names, None)
    return {
        Population(block, Cell(names[segment], labels.names[label]), bool(agrees)): count
        for (block, segment, label, agrees), count in zip(
            distinct.tolist(), counts.tolist(), strict=True
        )
    }
