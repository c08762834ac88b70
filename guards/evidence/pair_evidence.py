"""What can be learnt of one challenger without labels, from the columns of its outcomes."""

from __future__ import annotations

from collections import Counter
from math import log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.evidence.columns import COMPARED, Categories
from guards.evidence.pair import Missed
from guards.evidence.pair_sums import (
    Cell,
    PairSums,
    cell_counts,
    exact_squares,
    fixed,
    sums_by_cell,
)
from guards.evidence.sampling import NULL_COPIES, digests, null_signs
from guards.evidence.segments import SegmentSums

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from numpy.typing import NDArray

    from guards.evidence.columns import PairColumns

__all__ = ["MAX_COST_RATIO", "CostSums", "PairEvidence", "Stratum"]

MAX_COST_RATIO = 8.0
"""The ratio of two costs is clipped to it, and to its inverse."""


class CostSums(NamedTuple):
    """Documents with the processor time of both, and the sums of log challenger over champion.

    The logarithm is natural and clipped to that of ``MAX_COST_RATIO``. ``ratio`` is in units of
    1 / ``UNIT``, ``squares`` in units of its square.
    """

    documents: int = 0
    ratio: int = 0
    squares: int = 0


class Stratum(NamedTuple):
    """Documents that are alike in one dimension: ``length``, ``class`` or ``segment``."""

    dimension: str
    name: str


class PairEvidence:
    """Counts and exact sums over the outcomes of one challenger; any order gives the same ones.

    ``cells`` hold the sums of comparable documents by segment and the champion's label, and
    ``labels`` how often each two labels occurred. ``not_comparable`` counts, by cell, documents
    with a label that only one variant knows. ``null_sums`` int64 [copies] are the sums of
    confidence shifts with random signs, in units of 1 / ``UNIT``. ``eligible`` and ``missed`` count
    documents by stratum.
    """

    def __init__(self, guarded: Collection[str] = ()) -> None:
        """Start empty; ``guarded`` segments have figures of their own in any case."""
        self.guarded = frozenset(guarded)
        self.observations = 0
        self.outcomes: Counter[str] = Counter()
        self.cells: SegmentSums[Cell, PairSums] = SegmentSums(
            lambda cell: cell.segment,
            lambda cell, segment: Cell(segment, cell.label),
            guarded,
        )
        self.not_comparable: SegmentSums[Cell, int] = SegmentSums(
            lambda cell: cell.segment,
            lambda cell, segment: Cell(segment, cell.label),
            guarded,
        )
        self.labels: Counter[tuple[str, str]] = Counter()
        self.cost = CostSums()
        self.null_sums = np.zeros(NULL_COPIES, dtype=np.int64)
        self.eligible = _stratum_counts()
        self.missed = _stratum_counts()
        self.first_us: int | None = None
        self.last_us: int | None = None

    @property
    def total(self) -> PairSums:
        """The sums over all comparable documents."""
        return self.sum_of(lambda _: True)

    @property
    def compared(self) -> int:
        """The number of documents that both answered."""
        return self.outcomes[COMPARED]

    @property
    def misses(self) -> int:
        """The number of documents that the challenger did not answer."""
        return self.observations - self.compared

    @property
    def errors(self) -> int:
        """The number of documents on which the challenger failed."""
        return self.outcomes[Missed.ERROR.value]

    def of_class(self, label: str) -> PairSums:
        """Return the sums over documents to which the champion gives this label."""
        return self.sum_of(lambda cell: cell.label == label)

    def of_segment(self, segment: str) -> PairSums:
        """Return the sums over documents of a segment."""
        return self.sum_of(lambda cell: cell.segment == segment)

    def update(self, columns: PairColumns) -> None:
        """Count the outcomes of a batch."""
        if not len(columns):
            return
        compared = columns.outcomes.are(COMPARED)
        self.observations += len(columns)
        self.outcomes.update(columns.outcomes.counts())
        self.not_comparable.add(cell_counts(columns.rows(compared & ~columns.comparable)).items())
        self._extend(int(columns.observed_at.min()), int(columns.observed_at.max()))
        for dimension, strata in _strata(columns).items():
            self.eligible.add(_counts(dimension, strata))
            self.missed.add(_counts(dimension, strata.rows(~compared)))
        self._add_pairs(columns.rows(columns.comparable))

    def merge(self, other: PairEvidence) -> None:
        """Add what another one has counted."""
        self.observations += other.observations
        self.not_comparable.add(other.not_comparable.sums.items())
        self.outcomes.update(other.outcomes)
        self.labels.update(other.labels)
        self.null_sums = self.null_sums + other.null_sums
        self._add_cost(other.cost)
        self.cells.add(other.cells.sums.items())
        self.eligible.add(other.eligible.sums.items())
        self.missed.add(other.missed.sums.items())
        if other.first_us is not None and other.last_us is not None:
            self._extend(other.first_us, other.last_us)

    def _add_pairs(self, columns: PairColumns) -> None:
        champion, challenger = columns.champion, columns.challenger
        shift = fixed(challenger.confidence - champion.confidence)
        self.null_sums = self.null_sums + shift @ null_signs(digests(_observation_ids(columns)))
        self.labels.update(_label_pairs(champion.labels, challenger.labels))
        self.cells.add(sums_by_cell(columns).items())
        self._add_cost(_cost(champion.cpu_s, challenger.cpu_s))

    def sum_of(self, selects: Callable[[Cell], bool]) -> PairSums:
        """Return the sums over the comparable documents of the selected cells."""
        return sum((sums for cell, sums in self.cells.sums.items() if selects(cell)), PairSums())

    def _add_cost(self, cost: CostSums) -> None:
        self.cost = CostSums(*(a + b for a, b in zip(self.cost, cost, strict=True)))

    def _extend(self, first_us: int, last_us: int) -> None:
        self.first_us = first_us if self.first_us is None else min(first_us, self.first_us)
        self.last_us = last_us if self.last_us is None else max(last_us, self.last_us)


def _observation_ids(columns: PairColumns) -> list[str]:
    """Return a text for each row that is its own: a document that came again has another sign."""
    rows = zip(columns.request_ids, columns.observed_at.tolist(), strict=True)
    return [f"{moment} {request_id}" for request_id, moment in rows]


def _strata(columns: PairColumns) -> dict[str, Categories]:
    return {
        "length": _lengths(columns.tokens),
        "class": columns.champion.labels,
        "segment": columns.segments,
    }


def _lengths(tokens: NDArray[np.int64]) -> Categories:
    """Return the lengths as ``FROM to TO tokens``, whose ends are powers of two."""
    doublings = np.frexp(tokens)[1].astype(np.int64)
    longest = int(doublings.max(initial=0))
    names = tuple(f"{2**d // 2} to {2**d - 1} tokens" for d in range(longest + 1))
    return Categories(doublings, names)


def _stratum_counts() -> SegmentSums[Stratum, int]:
    return SegmentSums(
        lambda stratum: stratum.name if stratum.dimension == "segment" else None,
        lambda stratum, segment: Stratum(stratum.dimension, segment),
    )


def _counts(dimension: str, strata: Categories) -> Iterator[tuple[Stratum, int]]:
    for name, count in strata.counts().items():
        yield Stratum(dimension, name), count


def _label_pairs(champion: Categories, challenger: Categories) -> dict[tuple[str, str], int]:
    keys = champion.codes * len(challenger.names) + challenger.codes
    codes, counts = np.unique(keys, return_counts=True)
    pairs = [divmod(code, len(challenger.names)) for code in codes.tolist()]
    names = [(champion.names[left], challenger.names[right]) for left, right in pairs]
    return dict(zip(names, counts.tolist(), strict=True))


def _cost(champion_s: NDArray[np.float64], challenger_s: NDArray[np.float64]) -> CostSums:
    known = (champion_s > 0) & (challenger_s > 0)
    logarithms = np.log(challenger_s[known] / champion_s[known])
    units = fixed(np.clip(logarithms, -log(MAX_COST_RATIO), log(MAX_COST_RATIO)))
    return CostSums(len(units), int(units.sum()), exact_squares(units))
