"""Permits, deadlines, and which documents run together.

One thread runs the engine. It takes the document that has waited longest, and with it those that
wait and have exactly as many tokens: a shared pass without padding is free, and a padded one costs
more than it saves. What was abandoned, or is past its deadline, is dropped before it is computed.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from artifacts.inference import MOST_TOKENS
from service.errors import DeadlinePassed, Overloaded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.preprocessing import Encoding
    from service.engines import Engine

__all__ = ["Outcome", "Scheduler", "until"]

_SMOOTHING = 0.1
_FIRST_GUESS_S = 0.02


@dataclass(frozen=True, slots=True)
class Outcome:
    """Probabilities float32 [classes] of one document, and where its time went, in seconds."""

    probabilities: NDArray[np.float32]
    queue_s: float
    infer_s: float


@dataclass(slots=True, eq=False)
class _Job:
    encoding: Encoding
    deadline: float
    loop: asyncio.AbstractEventLoop
    outcome: asyncio.Future[Outcome]
    queued_at: float = field(default_factory=time.monotonic)
    abandoned: bool = False

    def settle(self, result: Outcome | BaseException) -> None:
        """Hand the result to the event loop, from the engine's thread."""
        # The loop is closed when the process stops without waiting for its requests.
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._settle, result)

    def _settle(self, result: Outcome | BaseException) -> None:
        if self.outcome.done():
            return
        if isinstance(result, Outcome):
            self.outcome.set_result(result)
        else:
            self.outcome.set_exception(result)


@contextlib.asynccontextmanager
async def until(deadline: float) -> AsyncIterator[None]:
    """Cancel the block at ``deadline`` on ``time.monotonic``; raises ``DeadlinePassed`` then."""
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise DeadlinePassed
    timeout = asyncio.timeout(left_s)
    try:
        async with timeout:
            yield
    except TimeoutError:
        if not timeout.expired():
            raise
        raise DeadlinePassed from None


class Scheduler:
    """Runs documents through one engine on a thread of its own; used from one event loop."""

    def __init__(self, engine: Engine, most_documents: int) -> None:
        """Hold at most ``most_documents`` at a time, from admission to answer."""
        self._engine = engine
        self._most_documents = most_documents
        self._admitted = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._document_s = _FIRST_GUESS_S
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def documents(self) -> int:
        """How many documents are admitted and not answered."""
        return self._admitted

    @contextlib.contextmanager
    def admit(self, documents: int) -> Iterator[None]:
        """Hold places for the documents of one request; raises ``Overloaded`` without room."""
        if self._admitted + documents > self._most_documents:
            raise Overloaded(max(1, math.ceil(self._admitted * self._document_s)))
        self._admitted += documents
        self._empty.clear()
        try:
            yield
        finally:
            self._admitted -= documents
            if not self._admitted:
                self._empty.set()

    async def emptied(self) -> None:
        """Wait until every admitted document is answered."""
        await self._empty.wait()

    async def run(self, encodings: Sequence[Encoding], deadline: float) -> list[Outcome]:
        """Run the documents of one request; ``deadline`` is on ``time.monotonic``.

        Raises ``DeadlinePassed``, and what the engine raises. When it does, or when the caller is
        cancelled, documents that were not started are never computed.
        """
        loop = asyncio.get_running_loop()
        jobs = [_Job(encoding, deadline, loop, loop.create_future()) for encoding in encodings]
        with self._changed:
            self._jobs.extend(jobs)
            self._changed.notify()
        try:
            async with until(deadline):
                return await asyncio.gather(*(job.outcome for job in jobs))
        finally:
            for job in jobs:
                job.abandoned = True

    def stop(self) -> None:
        """Finish what is queued, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while jobs := self._next():
            started = time.monotonic()
            try:
                probabilities = self._engine.probabilities([job.encoding for job in jobs])
            except Exception as error:  # noqa: BLE001 (the request fails, the thread does not)
                for job in jobs:
                    job.settle(error)
                continue
            took_s = time.monotonic() - started
            self._document_s += _SMOOTHING * (took_s / len(jobs) - self._document_s)
            for job, row in zip(jobs, probabilities, strict=True):
                job.settle(Outcome(row, started - job.queued_at, took_s))

    def _next(self) -> list[_Job]:
        """Wait for work and take the documents that run together; nothing when stopping."""
        with self._changed:
            while True:
                self._drop_dead()
                if self._jobs:
                    return self._take_together()
                if self._stopping:
                    return []
                self._changed.wait()

    def _drop_dead(self) -> None:
        now = time.monotonic()
        self._jobs = deque(job for job in self._jobs if not job.abandoned and job.deadline > now)

    def _take_together(self) -> list[_Job]:
        tokens = self._jobs[0].encoding.tokens
        most = max(1, MOST_TOKENS // tokens)
        taken: list[_Job] = []
        left: deque[_Job] = deque()
        for job in self._jobs:
            together = job.encoding.tokens == tokens and len(taken) < most
            (taken if together else left).append(job)
        self._jobs = left
        return taken
