"""A challenger whose bundle the guard has refused: no process is started for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.evidence.pair import Missed
from service.shadow.interface import ChallengerState, ChallengerStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.errors import Finding
    from guards.evidence.pair import ChallengerId
    from service.shadow.interface import Listener, PendingComparison

__all__ = ["RefusedChallenger"]


class RefusedChallenger:
    """Returns every document as missed; implements ``interface.Challenger``."""

    _listener: Listener

    def __init__(self, challenger: ChallengerId, findings: Sequence[Finding]) -> None:
        """Stand for a bundle that was refused for these findings."""
        self._id = challenger
        self._findings = findings

    @property
    def id(self) -> ChallengerId:
        """Its id, which no other challenger of the service has."""
        return self._id

    @property
    def pending(self) -> int:
        """No document waits."""
        return 0

    def status(self) -> ChallengerStatus:
        """Return that it is refused."""
        return ChallengerStatus(ChallengerState.REFUSED)

    def start(self, listener: Listener) -> None:
        """Tell the listener why it is refused."""
        self._listener = listener
        listener.refused(self._id, self._findings)

    def offer(self, pending: PendingComparison) -> None:
        """Return the document at once."""
        self._listener.settled(self._id, pending, Missed.CHALLENGER_DOWN)

    async def drain(self, timeout_s: float) -> None:
        """Return at once."""
