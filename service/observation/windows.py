"""The live window: counts of inputs, answers and comparisons since the last flush."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.events.drift_window import DriftWindow
from guards.moments import rfc3339
from service.observation.challenger_windows import ChallengerWindows
from service.observation.champion_counts import ChampionCounts, Watched
from service.observation.drift_alarms import DriftAlarms
from service.observation.estimates import estimates
from service.observation.recent_windows import RecentWindows
from service.observation.withheld import Withheld

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from guards.answer import Answer
    from guards.drift.reference import Reference
    from guards.drift.row_batch import CountedRow
    from guards.json_types import JsonObject
    from guards.performance.cost import CostTable
    from guards.schema import CanonicalRow

__all__ = ["Windows"]


class Windows:
    """Collects one window after another; used from one thread.

    A document is counted in the window in which it was answered, a comparison and a label in the
    window in which they arrived, so that each is in exactly one. Of a private column the counts
    are left out until they are of 20 documents, and then written with those of the next window.
    """

    def __init__(
        self,
        reference: Reference,
        inputs: Sequence[str],
        private: Collection[str] = (),
        costs: CostTable | None = None,
    ) -> None:
        """Start a window against the champion's reference.

        ``inputs`` names the input features that ``observe`` receives, in their order. ``private``
        names private columns: the range of a private number is left out, because its ends are
        values that a client sent. The sketch itself leaves out private categories. ``costs`` are
        what estimates reckon with.
        """
        self.watched = Watched.of(reference, inputs, private)
        self.reference = reference.fingerprint
        self.challengers = ChallengerWindows(reference)
        self._costs = costs
        self._withheld = Withheld(self.watched.private)
        self._recent = RecentWindows()
        self._last: DriftWindow | None = None
        self._open()

    @property
    def documents(self) -> int:
        """The number of documents in the live window."""
        return self._counts.documents

    def observe(
        self,
        values: tuple[float | str, ...],
        answer: Answer,
        row: CanonicalRow,
        segment: str | None = None,
    ) -> CountedRow:
        """Count one answered document: the values of what is watched, and the issues of its input.

        The issues are those of ``row``, whose values are among ``values``. What is returned is for
        the document's label.
        """
        return self._counts.observe(values, answer, row, segment)

    def label(self, day: str, counted: CountedRow, *, correct: bool) -> None:
        """Count the true label of a document that was counted on a day, in any window."""
        self._counts.label(day, counted, correct=correct)

    def alarms(self, challengers: int) -> DriftAlarms:
        """Return what looks at the windows, which will have so many challengers."""
        return DriftAlarms(self.watched, challengers, self._recent)

    def estimates(self) -> JsonObject:
        """Return how well the variants did in the latest window, estimated without labels."""
        references = self.challengers.references
        return estimates(self.latest(), self.watched.reference, references, self._costs)

    def flush(self) -> DriftWindow | None:
        """Return the live window and open the next; None where it is empty."""
        if not (self.documents or self.challengers.compared or self._counts.labelled):
            return None
        self._last = self._freeze(closing=True)
        self._open()
        return self._last

    def latest(self) -> DriftWindow:
        """Return the last flushed window; before the first flush, the live one as it is."""
        return self._last or self._freeze(closing=False)

    def _open(self) -> None:
        self._start = datetime.now(UTC)
        self._counts = ChampionCounts(self.watched)
        self.challengers.open()

    def _freeze(self, *, closing: bool) -> DriftWindow:
        counted = self._counts.features()
        told, withheld = self._withheld.split(counted, closing=closing)
        start = rfc3339(self._start)
        challengers, scores = self.challengers.freeze(self._recent, start, closing=closing)
        own = self._recent.scores(self.watched.counted, counted, start, closing=closing)
        return DriftWindow(
            start=self._start,
            # The wall clock can jump back; a window must not end before it starts.
            end=max(self._start, datetime.now(UTC)),
            documents=self.documents,
            reference=self.reference,
            counts={
                "features": told,
                "withheld": withheld,
                **self._counts.others(),
                "challengers": challengers,
            },
            scores={**own, **scores},
            challenger_references=dict(self.challengers.fingerprints),
        )
