"""Starts a challenger's process, and starts it again whenever it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from typing import TYPE_CHECKING, Protocol, TypeVar

from guards.errors import Finding
from guards.evidence.pair import Missed
from service.shadow.interface import ChallengerState
from service.shadow.local.child_process import ChildProcess
from service.shadow.local.handshake import WorkerInfo
from service.shadow.local.session import Session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from guards.evidence.pair import Outcome
    from guards.json_types import JsonObject
    from service.shadow.interface import PendingComparison
    from service.shadow.local.fork_server import ForkServer
    from service.shadow.local.handshake import WorkerConfig
    from service.shadow.queue import Queue

__all__ = ["Owner", "Supervisor"]

_FIRST_BACKOFF_S = 1.0
_MAX_BACKOFF_S = 60.0
_HEALTHY_S = 60.0
"""After a process that was ready for this long, the backoff is the shortest again."""

_START_S = 300.0
_EXIT_S = 5.0

_logger = logging.getLogger("bentoml.understudy")

_T = TypeVar("_T")


class Owner(Protocol):
    """Receives the outcomes of documents, and the news of the process."""

    def settle(self, pending: PendingComparison, outcome: Outcome) -> None:
        """Receive the outcome of a document."""

    def announce(self, info: WorkerInfo) -> None:
        """Receive the handshake of a process."""

    def refuse(self, findings: Sequence[Finding]) -> None:
        """Receive the findings of a refused bundle, which no process will ever answer for."""


class Supervisor:
    """Supervises one process at a time; used from one event loop.

    Set ``stopping`` to end the process and the supervision.
    """

    def __init__(
        self, name: str, config: WorkerConfig, fork_server: ForkServer, queue: Queue, owner: Owner
    ) -> None:
        """Supervise processes that run as ``config`` says and take documents from ``queue``."""
        self.state = ChallengerState.STARTING
        self.worker_info: WorkerInfo | None = None
        self.restarts = 0
        self.pid: int | None = None
        self.stopping = asyncio.Event()
        self._name = name
        self._config = config
        self._fork_server = fork_server
        self._queue = queue
        self._owner = owner
        self._session: Session | None = None

    @property
    def in_flight(self) -> int:
        """The number of documents that the process is answering, without those given up."""
        return 0 if self._session is None else self._session.pending

    def wake(self) -> None:
        """Send the documents that wait, if there is a process."""
        if self._session is not None:
            self._session.wake()

    async def run(self) -> None:
        """Keep a process running until the service stops or the guard refuses the bundle."""
        backoff_s = _FIRST_BACKOFF_S
        while True:
            ready_s = await self._run_once()
            if self.stopping.is_set() or self.state == ChallengerState.REFUSED:
                return
            self.state = ChallengerState.DOWN
            if ready_s > _HEALTHY_S:
                backoff_s = _FIRST_BACKOFF_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), backoff_s)
                return
            backoff_s = min(backoff_s * 2, _MAX_BACKOFF_S)
            self.restarts += 1

    async def _run_once(self) -> float:
        """Start a process and serve it until it ends, hangs, or the service stops.

        Returns for how many seconds it was ready, which is negative if it never was.
        """
        self.state = ChallengerState.STARTING
        try:
            forked = await _unless_set(self.stopping, self._fork_server.fork(), _START_S)
        except OSError:
            _logger.exception("challenger %s could not be started", self._name)
            return -math.inf
        if forked is None:
            return -math.inf
        child = await ChildProcess.connect(forked, self._options())
        self.pid = child.pid
        patience_s, ready_at = 0.0, math.inf
        try:
            info = await self._shake_hands(child)
            if info is not None:
                patience_s, ready_at = _EXIT_S, time.monotonic()
                self._session = Session(child, info, self._config, self._queue, self._owner.settle)
                await _unless_set(self.stopping, self._session.run())
                if self._session.pending:
                    # It was given all the time there is: what it still answers would not be read.
                    patience_s = 0.0
        except Exception:
            # Every failure of the process or its messages ends here, and the process starts again.
            _logger.exception("challenger %s is being restarted", self._name)
        finally:
            await child.end(patience_s)
            self.pid = None
            self._end_session()
        return time.monotonic() - ready_at

    def _options(self) -> JsonObject:
        """Return the first message to a process: what it runs, and how."""
        return {
            "bundle": str(self._config.bundle),
            "requirements": self._config.requirements.to_json(),
            "engine": self._config.engine,
            # The first process is waited for; those after it start while others are served.
            "idle": self.restarts > 0,
        }

    async def _shake_hands(self, child: ChildProcess) -> WorkerInfo | None:
        """Wait for the first message; return None where there is none, or where it is a refusal."""
        first = await _unless_set(self.stopping, child.first, _START_S)
        if first is None:
            return None
        if "refused" in first:
            self.state = ChallengerState.REFUSED
            self._owner.refuse([Finding.from_json(finding) for finding in first["refused"]])
            return None
        info = WorkerInfo.from_json(first["info"])
        self.worker_info = info
        self.state = ChallengerState.READY
        self._owner.announce(info)
        return info

    def _end_session(self) -> None:
        if self._session is not None:
            stopping = self.stopping.is_set()
            self._session.end(Missed.SHUTDOWN if stopping else Missed.CHALLENGER_DOWN)
            self._session = None


async def _unless_set(
    event: asyncio.Event, awaitable: Awaitable[_T], timeout_s: float | None = None
) -> _T | None:
    """Return the result; None where the event is set first, or where it takes too long."""
    task = asyncio.ensure_future(awaitable)
    stop = asyncio.ensure_future(event.wait())
    await asyncio.wait({task, stop}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.wait({task})
    return None
