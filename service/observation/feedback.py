"""Joins true labels with the answers that are still in memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from guards.events.events import FeedbackReceived

if TYPE_CHECKING:
    from guards.answer import Answer

__all__ = ["RecentAnswers"]

_MAX_ANSWERS = 10_000


class RecentAnswers:
    """The champion's latest answers by request id; a repeated id replaces the earlier one."""

    def __init__(self) -> None:
        """Start empty."""
        self._answers: OrderedDict[str, Answer] = OrderedDict()

    def add(self, request_id: str, answer: Answer) -> None:
        """Keep an answer, and drop the oldest where there are too many."""
        self._answers[request_id] = answer
        self._answers.move_to_end(request_id)
        if len(self._answers) > _MAX_ANSWERS:
            self._answers.popitem(last=False)

    def feedback(self, request_id: str, label: str) -> FeedbackReceived:
        """Return the event of a true label."""
        answer = self._answers.get(request_id)
        answered = None if answer is None else (answer.label, answer.confidence)
        return FeedbackReceived(request_id, label, answered)
