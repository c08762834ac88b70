"""The true labels of this run, with the answers that they judge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.evidence.labels import KnownLabels, TrueLabel
from guards.moments import microseconds
from service.observation.feedback import RecentAnswers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guards.answer import Answer
    from guards.events.feedback_received import FeedbackReceived
    from guards.evidence.labelled_pairs import LabelledPair
    from guards.evidence.pair import ChallengerId
    from service.observation.feedback import RecentAnswer
    from service.observation.live_evidence import OutcomeRow

__all__ = ["LiveLabels"]

_MAX_DOCUMENTS = 10_000
"""Labelled documents that are kept."""


class LiveLabels:
    """Labels of documents whose answers are in memory, whichever arrives first.

    Once a document has a label, both stay, whether or not the answers to other documents push its
    own out of memory. Only the first 10,000 labelled documents of the run count, because a window
    that moves would be a new test at every label; labels of more are counted as ``beyond``, and
    those of documents that are not in memory as ``unmatched``. All of the ``received`` ones are in
    the log. ``last_us`` is the last moment of an answer or a label, in microseconds since 1970.
    """

    def __init__(self, challengers: Iterable[ChallengerId]) -> None:
        """Start empty."""
        self.known = KnownLabels()
        self.received = 0
        self.unmatched = 0
        self.beyond = 0
        self.last_us = 0
        self._answers = RecentAnswers()
        self._documents: set[str] = set()
        self._pairs: dict[ChallengerId, dict[str, LabelledPair | None]] = {
            challenger: {} for challenger in challengers
        }

    def pairs(self, challenger: ChallengerId) -> Mapping[str, LabelledPair | None]:
        """Return the answers to labelled documents; None where they are not comparable."""
        return self._pairs[challenger]

    def answered(self, request_id: str, answer: RecentAnswer) -> None:
        """Keep the champion's answer, for a label that may come."""
        self._answers.add(request_id, answer)

    def recent(self, request_id: str) -> RecentAnswer | None:
        """Return the latest answer to a document; None where it is no longer in memory."""
        return self._answers.get(request_id)

    def is_latest(self, request_id: str, answer: Answer) -> bool:
        """Return whether no later answer to the document is in memory."""
        recent = self._answers.get(request_id)
        return recent is None or recent.answer is answer

    def settled(self, challenger: ChallengerId, row: OutcomeRow) -> None:
        """Keep the outcome of a challenger; of a repeated document only the last one counts."""
        self.last_us = max(self.last_us, row.observed_us)
        if not row.last:
            return
        if (recent := self._answers.get(row.request_id)) is not None:
            recent.outcomes[challenger] = row
        if row.request_id in self._documents:
            self._pairs[challenger][row.request_id] = row.labelled_pair()

    def join(self, feedback: FeedbackReceived) -> FeedbackReceived:
        """Return the event of a label with the champion's answer, where that is in memory."""
        return self._answers.join(feedback)

    def add(self, feedback: FeedbackReceived) -> None:
        """Add a label that came just now, where the answers are in memory."""
        name, now = feedback.request_id, datetime.now(UTC)
        self.received += 1
        self.last_us = max(self.last_us, microseconds(now))
        recent = self._answers.get(name)
        if recent is None and name not in self._documents:
            self.unmatched += 1
            return
        if name not in self._documents and len(self._documents) >= _MAX_DOCUMENTS:
            self.beyond += 1
            return
        self.known.add(
            TrueLabel(
                request_id=name,
                label=feedback.label,
                source=feedback.source,
                stratum=feedback.stratum,
                inclusion_probability=feedback.inclusion_probability,
                labelled_at=feedback.labelled_at or now,
            )
        )
        if name not in self._documents:
            self._documents.add(name)
            for challenger, row in recent.outcomes.items() if recent else ():
                self._pairs[challenger][name] = row.labelled_pair()
