"""Copies each answered document to every challenger, and keeps the books on each copy.

The balance, per challenger: eligible = compared + Σ missed + pending + spooled. ``eligible``,
``compared`` and ``missed`` are counted as they happen; ``pending`` is asked of the queues, so that
a document that fell between them would show.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from artifacts.preprocessing import Encoding
    from guards.drift.features import Answer
    from service.documents import Document
    from service.shadow.challenger import Challenger
    from service.shadow.comparison import Observation

__all__ = ["Coverage", "Line", "Mirror"]


@dataclass(slots=True)
class Coverage:
    """The books of one challenger since the start, and sums for its means."""

    eligible: int = 0
    compared: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    agreed: int = 0
    confidence_sum: float = 0.0

    @property
    def agreement(self) -> float | None:
        """The share of comparisons with the champion's label; None without any."""
        return self.agreed / self.compared if self.compared else None

    @property
    def confidence(self) -> float | None:
        """The challenger's mean confidence; None without a comparison."""
        return self.confidence_sum / self.compared if self.compared else None

    def to_json(self, pending: int) -> dict[str, Any]:
        """Give the balance; ``spooled`` is 0 while there is no spool."""
        return {
            "eligible": self.eligible,
            "compared": self.compared,
            "pending": pending,
            "spooled": 0,
            "missed": dict(self.missed),
        }


@dataclass(slots=True, eq=False)
class Line:
    """One answered document, on its way to a log line: complete when no challenger is awaited."""

    document: Document
    encoding: Encoding
    champion: Answer
    facts: Mapping[str, Any]
    awaited: int = 0
    observations: dict[str, Observation] = field(default_factory=dict)


class Mirror:
    """Offers documents to challengers; hands each line on once the last has answered or missed."""

    def __init__(
        self,
        *,
        sample: float,
        generator: np.random.Generator,
        compared: Callable[[Challenger, Line, Observation], None],
        completed: Callable[[Line], None],
    ) -> None:
        """Mirror a ``sample`` (0 to 1) of documents; tell of each comparison and finished line."""
        self._sample = sample
        self._generator = generator
        self._compared = compared
        self._completed = completed
        self.challengers: Sequence[Challenger] = ()
        self.coverage: dict[str, Coverage] = {}

    def attach(self, challengers: Sequence[Challenger]) -> None:
        """Set who hears along, before the first document."""
        self.challengers = tuple(challengers)
        self.coverage = {challenger.key: Coverage() for challenger in challengers}

    def offer(self, line: Line) -> bool:
        """Copy a document to every challenger, or tell that it was left out by sampling.

        Never waits and never raises.
        """
        if not self.challengers or self._generator.random() >= self._sample:
            self._completed(line)
            return False
        line.awaited = len(self.challengers)
        for challenger in self.challengers:
            self.coverage[challenger.key].eligible += 1
            challenger.offer(line, line.document, line.encoding)
        return True

    def settle(self, challenger: Challenger, ticket: object, observation: Observation) -> None:
        """Take one observation back; the one place where everything in the shadow ends."""
        assert isinstance(ticket, Line)  # noqa: S101 (our own ticket)
        books = self.coverage[challenger.key]
        ticket.observations[challenger.key] = observation
        if observation.answer is None:
            books.missed[str(observation.missed)] += 1
        else:
            books.compared += 1
            books.agreed += observation.answer.label == ticket.champion.label
            books.confidence_sum += observation.answer.confidence
        self._compared(challenger, ticket, observation)
        ticket.awaited -= 1
        if ticket.awaited == 0:
            self._completed(ticket)

    def balance(self, challenger: Challenger) -> dict[str, Any]:
        """Give the balance of one challenger."""
        return self.coverage[challenger.key].to_json(challenger.pending)

    def totals(self) -> dict[str, Any]:
        """Give the balance over all challengers."""
        total = Coverage()
        for books in self.coverage.values():
            total.eligible += books.eligible
            total.compared += books.compared
            total.missed += books.missed
        return total.to_json(sum(challenger.pending for challenger in self.challengers))
