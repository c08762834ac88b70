"""A listener that remembers the calls of challengers, and lets tests wait for them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from guards.evidence.pair import Missed
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guards.answer import Observation
    from guards.drift.reference import Reference
    from guards.errors import Finding
    from guards.evidence.pair import ChallengerId, Outcome
    from service.shadow.interface import PendingComparison

__all__ = ["RememberingListener"]


class RememberingListener:
    """Implements ``Listener``; outcomes are kept by request id, ``calls`` in their order."""

    def __init__(self) -> None:
        self.outcomes: defaultdict[str, list[Outcome]] = defaultdict(list)
        self.ids: set[ChallengerId] = set()
        self.references: list[Reference] = []
        self.findings: list[Finding] = []
        self.calls: list[str] = []
        self._changed = asyncio.Event()

    def settled(
        self, challenger: ChallengerId, pending: PendingComparison, outcome: Outcome
    ) -> None:
        """Remember an outcome."""
        self.outcomes[pending.document.request_id].append(outcome)
        self._remember("settled", challenger)

    def announced(self, challenger: ChallengerId, reference: Reference) -> None:
        """Remember a reference."""
        self.references.append(reference)
        self._remember("announced", challenger)

    def refused(self, challenger: ChallengerId, findings: Sequence[Finding]) -> None:
        """Remember findings."""
        self.findings += findings
        self._remember("refused", challenger)

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait until something is true after one of the calls."""
        async with asyncio.timeout(PATIENCE_S):
            while not happened():
                self._changed.clear()
                await self._changed.wait()

    async def until_settled(self, request_ids: Sequence[str]) -> None:
        """Wait until all these documents have come back."""
        await self.until(lambda: all(map(self.outcomes.get, request_ids)))

    def missed(self, request_ids: Sequence[str]) -> list[Missed | None]:
        """Return why each was missed; every document must have come back exactly once."""
        outcomes = [self.outcomes[request_id] for request_id in request_ids]
        assert all(len(outcome) == 1 for outcome in outcomes)
        return [outcome if isinstance(outcome, Missed) else None for (outcome,) in outcomes]

    def observations(self, request_ids: Sequence[str]) -> list[Observation]:
        """Return the observation of each; none may have been missed."""
        outcomes = [outcome for name in request_ids for outcome in self.outcomes[name]]
        assert len(outcomes) == len(request_ids)
        return [outcome for outcome in outcomes if not isinstance(outcome, Missed)]

    def _remember(self, call: str, challenger: ChallengerId) -> None:
        self.calls.append(call)
        self.ids.add(challenger)
        self._changed.set()
