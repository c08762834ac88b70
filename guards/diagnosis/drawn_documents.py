"""Documents of a period: as many as are looked at, drawn with a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from guards.moments import from_rfc3339, microseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from guards.diagnosis.periods import Period
    from guards.events.captured import CapturedDocument
    from guards.events.log_table import LogTable

    Hashes = NDArray[np.int64]

__all__ = ["DrawnDocuments"]

T = TypeVar("T")

_MAX_RANKED = 200_000
"""Documents of a period that may be drawn: one in forty suffices to draw 5,000."""

_SEED = 20_260_302


class DrawnDocuments(Generic[T]):
    """What is known of the documents of a period, as it is found in any order.

    A document has a rank by chance, and up to ``size`` of the lowest ranks of which something is
    known are kept. Which they are depends on the documents of the log alone, not on the order of
    files. Of a document that was sent again, what was known at the last moment counts.
    """

    def __init__(
        self,
        log: LogTable,
        period: Period,
        documents: int,
        size: int,
        known: Callable[[CapturedDocument], T],
    ) -> None:
        """Rank the documents of a period, which are so many; ``known`` is kept of a line."""
        self._known = known
        self._period = period
        self._size = size
        self._ranks, self._hashes = _ranks(log, period, documents)
        self._beyond = documents > _MAX_RANKED
        self._max_rank = documents
        self._found: dict[int, tuple[str, T]] = {}

    @property
    def sampled(self) -> bool:
        """Whether there may be others than those that were drawn."""
        return self._beyond or len(self._found) > self._size

    @property
    def drawn(self) -> list[T]:
        """What is known of the documents that were drawn."""
        return [self._found[rank][1] for rank in sorted(self._found)[: self._size]]

    def wants(self, request_id: str) -> bool:
        """Return whether a document may be drawn."""
        return self._ranks.get(request_id, self._max_rank) < self._max_rank

    def has(self, request_id: str) -> bool:
        """Return whether a document of the period has this id, whether or not it has a rank."""
        hashed = hash(request_id)
        at = np.searchsorted(self._hashes, hashed)
        return bool(at < len(self._hashes) and self._hashes[at] == hashed)

    def add_captured(self, line: CapturedDocument, other: DrawnDocuments[T]) -> None:
        """Add the document of a line, if it is one of this period and not of the other one."""
        # Clients may begin to count anew, so that an id is in both periods.
        if other.has(line.request_id) and not self._is_within(line):
            return
        self.add(line.request_id, self._known(line), line.at)

    def add(self, request_id: str, known: T, at: str = "") -> None:
        """Add what is known of a document, if it is one of the period; ``at`` is its moment."""
        if not self.wants(request_id):
            return
        rank = self._ranks[request_id]
        before = self._found.get(rank)
        if before is None or (before[0], str(before[1])) < (at, str(known)):
            self._found[rank] = at, known
        if len(self._found) > 2 * self._size:
            # One more than is drawn tells that there are others.
            kept = sorted(self._found)[: self._size + 1]
            self._found = {rank: self._found[rank] for rank in kept}
            self._max_rank = kept[-1] + 1

    def _is_within(self, line: CapturedDocument) -> bool:
        try:
            return self._period.holds(line.run, microseconds(from_rfc3339(line.at)))
        except (ValueError, OverflowError):
            return False


def _ranks(log: LogTable, period: Period, documents: int) -> tuple[dict[str, int], Hashes]:
    """Return the ranks of up to 200,000 documents of a period by request id.

    And the hashes of the ids of all, sorted, int64 [ids]: the ids themselves take a hundred
    megabytes a million.
    """
    rank_of = np.random.default_rng(_SEED).permutation(documents)
    rank_of[rank_of >= _MAX_RANKED] = -1
    ranks: dict[str, int] = {}
    hashes = [np.zeros(0, dtype=np.int64)]
    row = 0
    for columns in log.observed(period.start_us, period.end_us):
        rows = np.arange(len(columns.request_ids))
        if period.run is not None:
            rows = np.flatnonzero(columns.runs.are(period.run))
        ids = columns.request_ids
        hashes.append(np.array([hash(ids[at]) for at in rows.tolist()], dtype=np.int64))
        of_batch = rank_of[row : row + len(rows)]
        drawn = of_batch >= 0
        for at, rank in zip(rows[drawn].tolist(), of_batch[drawn].tolist(), strict=True):
            ranks[ids[at]] = rank
        row += len(rows)
    return ranks, np.unique(np.concatenate(hashes))
