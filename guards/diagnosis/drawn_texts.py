"""Texts of the documents of a period: as many as can be compared quickly, drawn with a seed."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from guards.diagnosis.drawn_documents import DrawnDocuments

if TYPE_CHECKING:
    from guards.diagnosis.periods import Period
    from guards.events.log_table import LogTable

__all__ = ["MAX_TEXTS", "DrawnTexts"]

MAX_TEXTS = 5_000
"""Texts of a period: with as many, a word that 1 % of the documents gained is found."""

_MAX_CHARS = 10_000
"""What comes later in a text is not read, so that memory and time are bounded."""


class DrawnTexts(DrawnDocuments[str]):
    """Up to 5,000 texts of the documents of a period."""

    def __init__(self, log: LogTable, period: Period, documents: int) -> None:
        """Rank the documents of a period, which are so many."""
        super().__init__(log, period, documents, MAX_TEXTS, attrgetter("text"))

    @property
    def texts(self) -> list[str]:
        """The texts that were drawn."""
        return self.drawn

    def add(self, request_id: str, text: str, at: str = "") -> None:
        """Add the text of a document, if it is one of the period; ``at`` is its moment."""
        super().add(request_id, text[:_MAX_CHARS], at)
