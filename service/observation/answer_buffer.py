"""Feeds answers to their counts in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.performance.answer_counts import AnswerCounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.answer import Answer
    from guards.json_types import JsonObject

__all__ = ["AnswerBuffer"]

_BUFFERED_ANSWERS = 256
"""Answers counted at once: a batch costs hardly more than one."""


class AnswerBuffer:
    """Counts answers one by one, as ``AnswerCounts`` does in batches."""

    def __init__(self, labels: Sequence[str]) -> None:
        """Start empty; answers have probabilities of these labels, in their order."""
        self._counts = AnswerCounts(labels)
        self._waiting: list[list[float]] = []

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        self._waiting.append(list(answer.probabilities.values()))
        if len(self._waiting) >= _BUFFERED_ANSWERS:
            self._fold()

    def get(self) -> JsonObject:
        """Return the counts so far."""
        self._fold()
        return self._counts.get()

    def _fold(self) -> None:
        if self._waiting:
            # Rounding in float32 may lead an ulp beyond 1.
            self._counts.update(np.array(self._waiting).clip(0, 1))
            self._waiting.clear()
