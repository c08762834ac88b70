"""The lanes: threads that run documents through the engine, one pass each at a time."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.errors import DeadlinePassed
from service.scheduling.queueing import Job, Queue
from service.scheduling.workload import Limits, Permit, Workload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.preprocessing import Encoding
    from service.engines import Engine

__all__ = ["Outcome", "Scheduler", "until"]

_GATHERING_S = 0.02
"""How long an answer waits for others while more documents wait than have been answered: the event
loop works through several, and through what their clients send next, at half the price."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Probabilities float32 [classes] of one document, and where its time went, in seconds."""

    probabilities: NDArray[np.float32]
    queue_s: float
    infer_s: float


class _Answers:
    """What the documents of one request wait for; used on the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, documents: int) -> None:
        self.loop = loop
        self._outcomes: list[Outcome | None] = [None] * documents
        self._missing = documents
        self._failure: Exception | None = None
        self._settled: asyncio.Future[None] = loop.create_future()

    def settle(self, place: int, result: Outcome | Exception) -> None:
        """Take the answer to one document; the first failure is the request's."""
        if isinstance(result, Exception):
            self._failure = self._failure or result
        else:
            self._outcomes[place] = result
            self._missing -= 1
        if not self._settled.done() and (self._failure or not self._missing):
            self._settled.set_result(None)

    async def complete(self, deadline: float) -> list[Outcome]:
        """Wait for every answer, until ``deadline`` on ``time.monotonic``."""
        late = DeadlinePassed()
        timer = self.loop.call_later(deadline - time.monotonic(), self.settle, 0, late)
        try:
            await self._settled
        finally:
            timer.cancel()
        if self._failure is not None:
            raise self._failure
        return [outcome for outcome in self._outcomes if outcome is not None]


@dataclass(slots=True, eq=False)
class _Job(Job):
    encoding: Encoding
    answers: _Answers
    place: int
    queued_at: float

    def give_up(self) -> None:
        """Fail the whole request: documents succeed or fail together."""
        self.tell(self.answers.settle, self.place, DeadlinePassed())

    def tell(self, hear: Callable[..., None], *arguments: object) -> None:
        """Call on the event loop, from a lane."""
        # The loop is closed when the process stops without waiting for its requests.
        with contextlib.suppress(RuntimeError):
            self.answers.loop.call_soon_threadsafe(hear, *arguments)


@dataclass(frozen=True, slots=True)
class _Answered:
    """A document that was run; ``took_s`` is its share of the pass."""

    job: _Job
    result: Outcome | Exception
    alone: bool
    took_s: float


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
    """Runs documents through one engine, in each of its lanes; used from one event loop."""

    def __init__(self, engine: Engine, most_documents: int, document_tokens: int) -> None:
        """Hold at most ``most_documents`` at a time, from admission to answer.

        None of them ever has more than ``document_tokens``, however long the text.
        """
        self._engine = engine
        self._most_tokens = engine.most_tokens
        self._workload = Workload(Limits(most_documents, engine.lanes, document_tokens))
        self._empty = asyncio.Event()
        self._empty.set()
        self._queue: Queue[_Job] = Queue(self._workload.is_late)
        self._changed = threading.Condition()
        self._answered: list[_Answered] = []
        self._stopping = False
        self.engine_cpu_s = 0.0
        """Processor time of the lanes inside the engine; helpers of a pass alone are not in it."""
        self._lanes = [
            threading.Thread(target=self._run, name=f"lane {number}", daemon=True)
            for number in range(engine.lanes)
        ]
        for lane in self._lanes:
            lane.start()

    @property
    def documents(self) -> int:
        """How many documents are admitted and not answered."""
        return self._workload.documents

    def check(self, characters: Sequence[int], deadline: float) -> None:
        """Raise what ``admit`` would raise now."""
        self._workload.check(characters, deadline, time.monotonic())

    @contextlib.contextmanager
    def admit(self, characters: Sequence[int], deadline: float) -> Iterator[Permit]:
        """Hold places for the documents of one request, of so many characters each.

        ``deadline`` is on ``time.monotonic``. Raises ``Overloaded`` where there is no room, or
        where they would not be answered in time, and ``DeadlinePassed``.
        """
        permit = self._workload.admit(characters, deadline, time.monotonic())
        self._empty.clear()
        try:
            yield permit
        finally:
            self._workload.leave(permit)
            if not self._workload.documents:
                self._empty.set()

    async def emptied(self) -> None:
        """Wait until every admitted document is answered."""
        await self._empty.wait()

    async def run(self, permit: Permit, encodings: Sequence[Encoding]) -> list[Outcome]:
        """Run the documents of one request, inside its ``admit``.

        Raises ``DeadlinePassed``, and what the engine raises. When it does, or when the caller is
        cancelled, documents that were not started are never computed.
        """
        self._workload.encoded(permit, encodings)
        answers = _Answers(asyncio.get_running_loop(), len(encodings))
        now = time.monotonic()
        jobs = [
            _Job(permit, encoding.tokens, encoding, answers, place, now)
            for place, encoding in enumerate(encodings)
        ]
        with self._changed:
            self._queue.put(jobs)
            self._changed.notify(len(jobs))
        return await answers.complete(permit.deadline)

    def stop(self) -> None:
        """Finish what is queued, and end the lanes."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for lane in self._lanes:
            lane.join()

    def _run(self) -> None:
        while taken := self._next():
            jobs, alone = taken
            began_s = time.thread_time()
            answered = self._answer(jobs, alone=alone)
            with self._changed:
                self._queue.done()
                self.engine_cpu_s += time.thread_time() - began_s
                self._answered += answered

    def _answer(self, jobs: Sequence[_Job], *, alone: bool) -> list[_Answered]:
        started = time.monotonic()
        results: list[Outcome | Exception]
        try:
            encodings = [job.encoding for job in jobs]
            probabilities = self._engine.probabilities(encodings, alone=alone)
            ended = time.monotonic()
            results = [
                Outcome(row, started - job.queued_at, ended - started)
                for job, row in zip(jobs, probabilities, strict=True)
            ]
        except Exception as error:  # noqa: BLE001 (the requests fail, the lane does not)
            results = [error] * len(jobs)
        token_s = (time.monotonic() - started) / max(1, sum(job.tokens for job in jobs))
        return [
            _Answered(job, result, alone, token_s * job.tokens)
            for job, result in zip(jobs, results, strict=True)
        ]

    def _next(self) -> tuple[list[_Job], bool] | None:
        """Wait for work and take the next documents; nothing when stopping."""
        with self._changed:
            while True:
                now = time.monotonic()
                taken = self._queue.take(now)
                more = self._more_with(taken[0], now) if taken else []
                if not self._more_to_come():
                    self._tell()
                if taken:
                    return [taken[0], *more], taken[1]
                if self._stopping:
                    return None
                self._changed.wait()

    def _more_with(self, job: _Job, now: float) -> list[_Job]:
        return self._queue.more(now, self._most_tokens - job.tokens)

    def _more_to_come(self) -> bool:
        """Tell whether the answers may wait for another."""
        # The lanes work side by side, and another pass takes as long as these did.
        waited_s = sum(one.took_s for one in self._answered) / len(self._lanes)
        return len(self._answered) < len(self._queue) and waited_s < _GATHERING_S

    def _tell(self) -> None:
        """Hand the answers to the event loop."""
        answered, self._answered = self._answered, []
        if answered:
            answered[0].job.tell(self._settle, answered)

    def _settle(self, answered: Sequence[_Answered]) -> None:
        for one in answered:
            job = one.job
            if isinstance(one.result, Outcome):
                self._workload.learn(job.tokens, one.took_s, alone=one.alone)
            self._workload.answered(job.permit, job.tokens)
            job.answers.settle(job.place, one.result)
