"""Joins true labels with the answers that are still in memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from guards.answer import Answer
    from guards.drift.row_batch import CountedRow
    from guards.events.feedback_received import FeedbackReceived
    from guards.evidence.pair import ChallengerId
    from service.observation.live_evidence import OutcomeRow

__all__ = ["RecentAnswer", "RecentAnswers"]

_MAX_ANSWERS = 10_000


@dataclass(slots=True)
class RecentAnswer:
    """The champion's answer to a document, and the outcomes of challengers that have arrived.

    The champion's window ``counted`` the document on ``day``, a day in UTC. ``answered_s`` is of
    the monotonic clock.
    """

    answer: Answer
    day: date
    counted: CountedRow
    outcomes: dict[ChallengerId, OutcomeRow] = field(default_factory=dict)
    answered_s: float = field(default_factory=time.monotonic)


class RecentAnswers:
    """The latest answers by request id; a repeated id replaces the earlier one."""

    def __init__(self) -> None:
        """Start empty."""
        self._answers: OrderedDict[str, RecentAnswer] = OrderedDict()

    def add(self, request_id: str, answer: RecentAnswer) -> None:
        """Keep an answer, and drop the oldest where there are too many."""
        self._answers[request_id] = answer
        self._answers.move_to_end(request_id)
        if len(self._answers) > _MAX_ANSWERS:
            self._answers.popitem(last=False)

    def get(self, request_id: str) -> RecentAnswer | None:
        """Return the latest answer to a document; None where it is no longer in memory."""
        return self._answers.get(request_id)

    def join(self, feedback: FeedbackReceived) -> FeedbackReceived:
        """Return the event of a true label with the answer, where that is still in memory."""
        recent = self._answers.get(feedback.request_id)
        if recent is None:
            return feedback
        return replace(feedback, answered=(recent.answer.label, recent.answer.confidence))
