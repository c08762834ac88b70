"""Offers each answered document to every challenger, and counts the outcomes.

For each challenger, eligible = compared + Σ missed + pending + spooled. ``eligible``, ``compared``
and ``missed`` are counted here and ``pending`` by the challenger itself, so that a lost document
would upset the balance.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guards.evidence.coverage import Coverage
from guards.evidence.pair import Missed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from guards.evidence.pair import ChallengerId, Outcome
    from service.shadow.interface import Challenger, PendingComparison

__all__ = ["Counters", "Mirror"]


@dataclass(slots=True)
class Counters:
    """The counts of one challenger since the start; ``confidence_sum`` is over its answers."""

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


class Mirror:
    """Offers documents to challengers, and counts their outcomes; used from one event loop."""

    def __init__(
        self, challengers: Sequence[Challenger], sample: float, generator: np.random.Generator
    ) -> None:
        """Mirror a share of documents, ``sample`` (0 to 1), to these challengers."""
        self.challengers = tuple(challengers)
        self.counters = {challenger.id: Counters() for challenger in challengers}
        self._sample = sample
        self._generator = generator

    def offer(self, pending: PendingComparison) -> bool:
        """Offer a document to every challenger; never waits.

        Returns False where sampling leaves the document out, or where there is no challenger.
        """
        if not self.challengers or self._generator.random() >= self._sample:
            return False
        pending.awaited = len(self.challengers)
        for challenger in self.challengers:
            self.counters[challenger.id].eligible += 1
            challenger.offer(pending)
        return True

    def settle(
        self, challenger: ChallengerId, pending: PendingComparison, outcome: Outcome
    ) -> None:
        """Count one outcome."""
        counters = self.counters[challenger]
        if isinstance(outcome, Missed):
            counters.missed[outcome.value] += 1
        else:
            counters.compared += 1
            counters.agreed += outcome.answer.label == pending.champion.answer.label
            counters.confidence_sum += outcome.answer.confidence
        pending.outcomes[challenger] = outcome
        pending.awaited -= 1

    def coverage(self, challenger: Challenger) -> Coverage:
        """Return the balance of one challenger."""
        counters = self.counters[challenger.id]
        return Coverage(
            eligible=counters.eligible,
            compared=counters.compared,
            pending=challenger.pending,
            missed=dict(counters.missed),
        )

    def total(self) -> Coverage:
        """Return the balance over all challengers."""
        return Coverage.total(map(self.coverage, self.challengers))
