"""A challenger whose outcomes a test decides, and the shortest example of the interface."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from guards.evidence.pair import Missed
from service.shadow.interface import ChallengerState, ChallengerStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guards.drift.reference import Reference
    from guards.errors import Finding
    from guards.evidence.pair import ChallengerId, Outcome
    from service.shadow.interface import Listener, PendingComparison

__all__ = ["ScriptedChallenger"]


class ScriptedChallenger:
    """Implements ``Challenger`` in memory.

    With ``answer`` it answers each document on the next turn of the event loop. Otherwise documents
    wait in ``waiting`` until the test calls ``settle``.
    """

    _listener: Listener

    def __init__(
        self,
        challenger: ChallengerId,
        capacity: int = 1_000_000,
        answer: Callable[[PendingComparison], Outcome] | None = None,
        reference: Reference | None = None,
    ) -> None:
        self.waiting: list[PendingComparison] = []
        self._id = challenger
        self._capacity = capacity
        self._answer = answer
        self._reference = reference
        self._state = ChallengerState.STARTING
        self._drained = False
        self._changed = asyncio.Event()

    @property
    def id(self) -> ChallengerId:
        """Return the id that the test chose."""
        return self._id

    @property
    def pending(self) -> int:
        """Return the number of documents that wait."""
        return len(self.waiting)

    def start(self, listener: Listener) -> None:
        """Be ready at once, and announce the reference if there is one."""
        self._listener = listener
        self._state = ChallengerState.READY
        if self._reference is not None:
            listener.announced(self._id, self._reference)

    def offer(self, pending: PendingComparison) -> None:
        """Keep a document, or give it back with the reason."""
        if self._state is ChallengerState.REFUSED:
            self._give_back(pending, Missed.CHALLENGER_DOWN)
        elif self._drained:
            self._give_back(pending, Missed.SHUTDOWN)
        elif len(self.waiting) >= self._capacity:
            self._give_back(pending, Missed.QUEUE_FULL)
        else:
            self.waiting.append(pending)
            if self._answer is not None:
                asyncio.get_running_loop().call_soon(self._answer_next)

    async def drain(self, timeout_s: float) -> None:
        """Wait until no document waits, and miss those that still do at the end of the time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.waiting:
                    self._changed.clear()
                    await self._changed.wait()
        self._drained = True
        self._miss_waiting(Missed.SHUTDOWN)

    def status(self) -> ChallengerStatus:
        """Return the state."""
        return ChallengerStatus(self._state)

    def settle(self, outcome: Outcome, index: int = 0) -> None:
        """Settle one of the waiting documents, by default the oldest."""
        self._give_back(self.waiting.pop(index % len(self.waiting)), outcome)

    def refuse(self, findings: Sequence[Finding]) -> None:
        """Act as if the guard refused the bundle."""
        self._state = ChallengerState.REFUSED
        self._listener.refused(self._id, findings)
        self._miss_waiting(Missed.CHALLENGER_DOWN)

    def _answer_next(self) -> None:
        if self.waiting and self._answer is not None:
            self.settle(self._answer(self.waiting[0]))

    def _miss_waiting(self, reason: Missed) -> None:
        while self.waiting:
            self.settle(reason)

    def _give_back(self, pending: PendingComparison, outcome: Outcome) -> None:
        self._listener.settled(self._id, pending, outcome)
        self._changed.set()
