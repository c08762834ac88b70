"""What was counted in this run: the outcomes of every challenger, and the labels."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.observation.judgement import EvidenceSoFar
from service.observation.live_evidence import LiveEvidence, OutcomeRow
from service.observation.live_labels import LiveLabels

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from guards.events.feedback_received import FeedbackReceived
    from guards.evidence.pair import ChallengerId, Outcome
    from service.observation.feedback import RecentAnswer
    from service.shadow.interface import PendingComparison

__all__ = ["RunEvidence"]

_logger = logging.getLogger("bentoml.understudy")


class RunEvidence:
    """Counts outcomes and labels; used from one event loop.

    Nothing that fails here fails a request. Where an outcome or a label could not be counted, the
    evidence on the challengers concerned is gone for the rest of the run, and the diagnostics say
    why, once. ``counted`` is how much was counted, to know whether anything was since.
    """

    def __init__(self, challengers: Sequence[ChallengerId], guarded: Collection[str] = ()) -> None:
        """Start empty; ``guarded`` segments have figures of their own in any case."""
        self.challengers = tuple(challengers)
        self.since = datetime.now(UTC)
        self.counted = 0
        self._labels = LiveLabels(challengers)
        self._outcomes = {challenger: LiveEvidence(guarded) for challenger in challengers}
        self._incomplete: set[ChallengerId] = set()

    def answered(self, request_id: str, answer: RecentAnswer) -> None:
        """Keep the champion's answer, for a label that may come."""
        self._labels.answered(request_id, answer)

    def recent(self, request_id: str) -> RecentAnswer | None:
        """Return the latest answer to a document; None where it is no longer in memory."""
        return self._labels.recent(request_id)

    def settled(
        self, challenger: ChallengerId, pending: PendingComparison, outcome: Outcome
    ) -> None:
        """Count the outcome of a challenger."""
        self.counted += 1
        try:
            last = self._labels.is_latest(pending.document.request_id, pending.champion.answer)
            row = OutcomeRow.of(pending, outcome, last=last)
            self._labels.settled(challenger, row)
            self._outcomes[challenger].update(row)
        except Exception as error:  # noqa: BLE001 (logged there)
            self._give_up([challenger], error)

    def labelled(self, feedback: FeedbackReceived) -> FeedbackReceived:
        """Count a label, and return its event with the answer, where that is in memory."""
        self.counted += 1
        try:
            self._labels.add(feedback)
        except Exception as error:  # noqa: BLE001 (logged there)
            self._give_up(self.challengers, error)
        return self._labels.join(feedback)

    def fold(self) -> None:
        """Count the outcomes that are buffered."""
        for challenger, outcomes in self._outcomes.items():
            try:
                outcomes.fold()
            except Exception as error:  # noqa: BLE001 (logged there; the others are counted)
                self._give_up([challenger], error)

    def so_far(self, challenger: ChallengerId) -> EvidenceSoFar | None:
        """Return a copy of the evidence on a challenger; None where some of it is lost."""
        self.fold()
        if challenger in self._incomplete:
            return None
        labels = self._labels
        return EvidenceSoFar(
            pairs=self._outcomes[challenger].get(),
            labelled=dict(labels.pairs(challenger)),
            known=labels.known.copy(),
            last_us=labels.last_us,
            received=labels.received,
            unmatched=labels.unmatched,
            beyond=labels.beyond,
        )

    def _give_up(self, challengers: Sequence[ChallengerId], error: Exception) -> None:
        concerned = [who for who in challengers if who not in self._incomplete]
        if concerned:
            names = ", ".join(map(str, concerned))
            message = "the evidence on %s is incomplete, and there is no verdict any more"
            _logger.error(message, names, exc_info=error)
        self._incomplete.update(concerned)
