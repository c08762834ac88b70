"""A challenger in a process of its own on this machine."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from guards.evidence.pair import Missed
from service.shadow.interface import ChallengerState, ChallengerStatus
from service.shadow.local.supervisor import Supervisor
from service.shadow.queue import MemoryQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.errors import Finding
    from guards.evidence.pair import ChallengerId, Outcome
    from service.shadow.interface import Listener, PendingComparison
    from service.shadow.local.fork_server import ForkServer
    from service.shadow.local.handshake import WorkerConfig, WorkerInfo

__all__ = ["LocalChallenger"]


class LocalChallenger:
    """Queues documents for a supervised process; implements ``interface.Challenger``."""

    _listener: Listener
    _supervising: asyncio.Task[None]

    def __init__(
        self, challenger: ChallengerId, config: WorkerConfig, fork_server: ForkServer
    ) -> None:
        """Prepare to run what ``config`` says, in processes that ``fork_server`` starts."""
        self._id = challenger
        self._queue = MemoryQueue(config.max_waiting)
        self._supervisor = Supervisor(str(challenger), config, fork_server, self._queue, self)
        self._changed = asyncio.Event()

    @property
    def id(self) -> ChallengerId:
        """Its id, which no other challenger of the service has."""
        return self._id

    @property
    def pending(self) -> int:
        """The number of documents that wait or are in flight, without those given up."""
        return len(self._queue) + self._supervisor.in_flight

    def status(self) -> ChallengerStatus:
        """Return its state and what is known of its bundle."""
        supervisor = self._supervisor
        info = supervisor.worker_info
        return ChallengerStatus(
            state=supervisor.state,
            fingerprint=None if info is None else info.fingerprint,
            engine=None if info is None else info.engine,
            priority=None if info is None else info.priority,
            restarts=supervisor.restarts,
            pid=supervisor.pid,
        )

    def start(self, listener: Listener) -> None:
        """Start the process and keep it running."""
        self._listener = listener
        self._supervising = asyncio.create_task(
            self._supervisor.run(), name=f"challenger {self._id}"
        )

    def offer(self, pending: PendingComparison) -> None:
        """Queue a document, or give it back at once with the reason."""
        if self._supervisor.state == ChallengerState.REFUSED:
            self.settle(pending, Missed.CHALLENGER_DOWN)
        elif self._supervisor.stopping.is_set():
            self.settle(pending, Missed.SHUTDOWN)
        elif self._queue.put(pending):
            self._supervisor.wake()
        else:
            self.settle(pending, Missed.QUEUE_FULL)

    async def drain(self, timeout_s: float) -> None:
        """Finish the documents within ``timeout_s``, then end the process; the rest is missed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.pending and self._supervisor.state != ChallengerState.REFUSED:
                    self._changed.clear()
                    await self._changed.wait()
        self._supervisor.stopping.set()
        await self._supervising
        self._miss_waiting(Missed.SHUTDOWN)

    def settle(self, pending: PendingComparison, outcome: Outcome) -> None:
        """Return a document to the listener; also called by the supervisor."""
        self._listener.settled(self._id, pending, outcome)
        self._changed.set()

    def announce(self, info: WorkerInfo) -> None:
        """Pass on the reference of the bundle that runs; called by the supervisor."""
        self._listener.announced(self._id, info.reference)

    def refuse(self, findings: Sequence[Finding]) -> None:
        """Pass on the findings, and give back what waits; called by the supervisor."""
        self._listener.refused(self._id, findings)
        self._miss_waiting(Missed.CHALLENGER_DOWN)

    def _miss_waiting(self, reason: Missed) -> None:
        while (pending := self._queue.take()) is not None:
            self.settle(pending, reason)
        self._changed.set()
