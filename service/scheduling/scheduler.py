"""Admits requests and runs their documents in the lanes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from service.errors import DeadlinePassed
from service.scheduling.admission import AdmissionController, AdmissionLimits, Permit
from service.scheduling.jobs import DocumentJob, Inference, RequestResults
from service.scheduling.lanes import FinishedJob, Lanes
from service.scheduling.queueing import Queue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from artifacts.bundle.preprocessing import Encoding
    from guards.drift.embedding import EmbeddingMap
    from service.engines import Engine

__all__ = ["Scheduler", "until"]


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
    """Runs documents on one engine, in each of its lanes; used from one event loop."""

    def __init__(
        self,
        engine: Engine,
        max_documents: int,
        document_tokens: int,
        embedding: EmbeddingMap | None = None,
    ) -> None:
        """Admit at most ``max_documents`` at a time, from admission to answer.

        ``document_tokens`` is the maximum number of tokens after truncation. Where there is a map
        that was made with this engine, ``Inference`` says where each text lies.
        """
        self._admission = AdmissionController(
            AdmissionLimits(max_documents, engine.lanes, document_tokens)
        )
        self._lanes = Lanes(engine, Queue(self._admission.is_late), self._finish, embedding)
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def documents(self) -> int:
        """The number of documents that are admitted and not answered."""
        return self._admission.documents

    @property
    def engine_cpu_s(self) -> float:
        """Processor time inside the engine, without the helper threads of an exclusive pass."""
        return self._lanes.cpu_s

    def check(self, characters: Sequence[int], deadline: float) -> None:
        """Raise what ``admit`` would raise now."""
        self._admission.check(characters, deadline, time.monotonic())

    @contextlib.contextmanager
    def admit(self, characters: Sequence[int], deadline: float) -> Iterator[Permit]:
        """Reserve capacity for the documents of one request, of so many characters each.

        ``deadline`` is on ``time.monotonic``. Raises ``Overloaded`` where there is no room, or
        where they would not be answered in time, and ``DeadlinePassed``.
        """
        permit = self._admission.admit(characters, deadline, time.monotonic())
        self._empty.clear()
        try:
            yield permit
        finally:
            self._admission.leave(permit)
            if not self._admission.documents:
                self._empty.set()

    async def emptied(self) -> None:
        """Wait until every admitted document is answered."""
        await self._empty.wait()

    async def run(self, permit: Permit, encodings: Sequence[Encoding]) -> list[Inference]:
        """Run the documents of one request, inside its ``admit``.

        Raises ``DeadlinePassed``, and what the engine raises. When it does, or when the caller is
        cancelled, documents that were not started are never computed.
        """
        self._admission.encoded(permit, encodings)
        results = RequestResults(asyncio.get_running_loop(), len(encodings))
        now = time.monotonic()
        self._lanes.put(
            [
                DocumentJob(permit, encoding.tokens, encoding, results, index, now)
                for index, encoding in enumerate(encodings)
            ]
        )
        return await results.complete(permit.deadline)

    def stop(self) -> None:
        """Run the queued documents, then end the lanes."""
        self._lanes.stop()

    def _finish(self, finished: Sequence[FinishedJob]) -> None:
        for document in finished:
            job, result = document.job, document.result
            if isinstance(result, Inference):
                self._admission.learn(job.tokens, document.took_s, exclusive=document.exclusive)
            self._admission.answered(job.permit, job.tokens)
            job.results.settle(job.index, result)
