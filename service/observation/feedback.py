"""Joins true labels with the answers that are still in memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guards.answer import Answer
    from guards.events.events import FeedbackReceived

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

    def join(self, feedback: FeedbackReceived) -> FeedbackReceived:
        """Return the event of a true label with the answer, where that is still in memory."""
        answer = self._answers.get(feedback.request_id)
        if answer is None:
            return feedback
        return replace(feedback, answered=(answer.label, answer.confidence))
