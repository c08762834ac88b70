"""Texts of the documents of a period: as many as can be compared quickly, drawn with a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.moments import from_rfc3339, microseconds

if TYPE_CHECKING:
    from guards.diagnosis.periods import Period
    from guards.events.captured import CapturedDocument
    from guards.events.log_table import LogTable

__all__ = ["MAX_TEXTS", "DrawnTexts"]

MAX_TEXTS = 5_000
"""Texts of a period: with as many, a word that 1 % of the documents gained is found."""

_MAX_RANKED = 200_000
"""Documents of a period that may have a text: one in forty suffices to draw all that are read."""

_MAX_CHARS = 10_000
"""What comes later in a text is not read, so that memory and time are bounded."""

_SEED = 20_260_302


class DrawnTexts:
    """Texts of the documents of a period, as they are found in any order.

    A document has a rank by chance, and up to 5,000 of the lowest ranks that have a text are kept.
    Which they are depends on the documents of the log alone, not on the order of files. Of a
    document that was sent again, the text of the last moment counts.
    """

    def __init__(self, log: LogTable, period: Period, documents: int) -> None:
        """Rank the documents of a period, which are so many."""
        self._period = period
        self._ranks = _ranks(log, period, documents)
        self._beyond = documents > _MAX_RANKED
        self._max_rank = documents
        self._found: dict[int, tuple[str, str]] = {}

    @property
    def sampled(self) -> bool:
        """Whether there may be other texts than those that were drawn."""
        return self._beyond or len(self._found) > MAX_TEXTS

    @property
    def texts(self) -> list[str]:
        """The texts that were drawn."""
        return [self._found[rank][1] for rank in sorted(self._found)[:MAX_TEXTS]]

    def wants(self, request_id: str) -> bool:
        """Return whether the text of a document may be drawn."""
        return self._ranks.get(request_id, self._max_rank) < self._max_rank

    def has(self, request_id: str) -> bool:
        """Return whether a document of the period has this id, and a rank."""
        return request_id in self._ranks

    def add_captured(self, line: CapturedDocument, other: DrawnTexts) -> None:
        """Add the document of a line, if it is one of this period and not of the other one."""
        if other.has(line.request_id) and not self._is_within(line):
            return
        self.add(line.request_id, line.text, line.at)

    def add(self, request_id: str, text: str, at: str = "") -> None:
        """Add the text of a document, if it is one of the period; ``at`` is its moment."""
        if not self.wants(request_id):
            return
        rank = self._ranks[request_id]
        self._found[rank] = max(self._found.get(rank, ("", "")), (at, text[:_MAX_CHARS]))
        if len(self._found) > 2 * MAX_TEXTS:
            # One more than is drawn tells that there are others.
            kept = sorted(self._found)[: MAX_TEXTS + 1]
            self._found = {rank: self._found[rank] for rank in kept}
            self._max_rank = kept[-1] + 1

    def _is_within(self, line: CapturedDocument) -> bool:
        # Clients may begin to count anew, so that an id is in both periods.
        try:
            return self._period.holds(line.run, microseconds(from_rfc3339(line.at)))
        except (ValueError, OverflowError):
            return False


def _ranks(log: LogTable, period: Period, documents: int) -> dict[str, int]:
    """Return the ranks of up to 200,000 documents of a period by request id."""
    rank_of = np.random.default_rng(_SEED).permutation(documents)
    rank_of[rank_of >= _MAX_RANKED] = -1
    ranks: dict[str, int] = {}
    row = 0
    for columns in log.observed(period.start_us, period.end_us):
        rows = np.arange(len(columns.request_ids))
        if period.run is not None:
            rows = np.flatnonzero(columns.runs.are(period.run))
        of_batch = rank_of[row : row + len(rows)]
        drawn = of_batch >= 0
        for at, rank in zip(rows[drawn].tolist(), of_batch[drawn].tolist(), strict=True):
            ranks[columns.request_ids[at]] = rank
        row += len(rows)
    return ranks
