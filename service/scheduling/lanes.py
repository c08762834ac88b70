"""The lanes: threads that run documents on the engine, one pass each at a time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.scheduling.jobs import DocumentJob, Inference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding
    from guards.drift.embedding import EmbeddedDocument, EmbeddingMap
    from service.engines import Engine
    from service.scheduling.queueing import Queue

__all__ = ["FinishedJob", "Lanes"]

_COALESCING_S = 0.02
"""How long results may wait for others while more documents wait than results are held: the event
loop handles several of them, and the next requests of their clients, at half the cost. The wait
ends with the next pass, which is expected to take as long a token as those of the results."""


@dataclass(frozen=True, slots=True)
class FinishedJob:
    """A document that was run; ``took_s`` is its share, by tokens, of the time of the pass."""

    job: DocumentJob
    result: Inference | Exception
    exclusive: bool
    took_s: float


class Lanes:
    """Runs queued documents on an engine, in as many threads as it has lanes."""

    def __init__(
        self,
        engine: Engine,
        queue: Queue[DocumentJob],
        finish: Callable[[Sequence[FinishedJob]], None],
        embedding: EmbeddingMap | None,
    ) -> None:
        """Start the threads; ``finish`` is called with their results on the event loop.

        ``embedding`` maps the embedding of the engine that it was made with, and of no other.
        """
        self._engine = engine
        watched = embedding is not None and engine.embeds and embedding.engine == engine.name
        self._embedding = embedding if watched else None
        self._queue = queue
        self._finish = finish
        self._finished: list[FinishedJob] = []
        self._finished_since = 0.0
        self._changed = threading.Condition()
        self._stopping = False
        self.cpu_s = 0.0
        """Processor time inside the engine, without the helper threads of an exclusive pass."""
        self._threads = [
            threading.Thread(target=self._run, name=f"lane {number}", daemon=True)
            for number in range(engine.lanes)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, jobs: Sequence[DocumentJob]) -> None:
        """Queue documents."""
        with self._changed:
            self._queue.put(jobs)
            self._changed.notify(len(jobs))

    def stop(self) -> None:
        """Run the queued documents, then end the threads."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while work := self._next():
            jobs, exclusive = work
            started_cpu = time.thread_time()
            finished = self._pass(jobs, exclusive=exclusive)
            with self._changed:
                self._queue.done()
                self.cpu_s += time.thread_time() - started_cpu
                if not self._finished:
                    self._finished_since = time.monotonic()
                self._finished += finished

    def _pass(self, jobs: Sequence[DocumentJob], *, exclusive: bool) -> list[FinishedJob]:
        started, started_cpu = time.monotonic(), time.thread_time()
        tokens = max(1, sum(job.tokens for job in jobs))
        results: list[Inference | Exception]
        try:
            encodings = [job.encoding for job in jobs]
            probabilities, embedded = _answer(
                self._engine, self._embedding, encodings, exclusive=exclusive
            )
            infer_s = time.monotonic() - started
            token_cpu_s = (time.thread_time() - started_cpu) / tokens
            results = [
                Inference(
                    probabilities=row,
                    queue_s=started - job.queued_at,
                    infer_s=infer_s,
                    cpu_s=token_cpu_s * job.tokens,
                    exclusive=exclusive,
                    embedded=document,
                )
                for job, row, document in zip(jobs, probabilities, embedded, strict=True)
            ]
        except Exception as error:  # noqa: BLE001 (the requests fail, not the lane)
            results = [error] * len(jobs)
        token_s = (time.monotonic() - started) / tokens
        return [
            FinishedJob(job, result, exclusive, token_s * job.tokens)
            for job, result in zip(jobs, results, strict=True)
        ]

    def _next(self) -> tuple[list[DocumentJob], bool] | None:
        """Wait for documents and return those of the next pass; None when stopping."""
        with self._changed:
            while True:
                now = time.monotonic()
                work = self._queue.take_batch(now, self._engine.max_tokens)
                if not (work and self._coalesce(work[0], now)):
                    self._deliver()
                if work:
                    return work
                if self._stopping:
                    return None
                self._changed.wait()

    def _coalesce(self, next_jobs: Sequence[DocumentJob], now: float) -> bool:
        """Return whether the results may wait for those of the next pass."""
        finished = self._finished
        took_s = sum(document.took_s for document in finished)
        token_s = took_s / max(1, sum(document.job.tokens for document in finished))
        next_pass_s = token_s * sum(job.tokens for job in next_jobs)
        waited_s = now - self._finished_since
        return len(finished) < len(self._queue) and waited_s + next_pass_s < _COALESCING_S

    def _deliver(self) -> None:
        """Send the results to the event loop."""
        finished, self._finished = self._finished, []
        if finished:
            finished[0].job.call_on_loop(self._finish, finished)


def _answer(
    engine: Engine,
    embedding: EmbeddingMap | None,
    encodings: Sequence[Encoding],
    *,
    exclusive: bool,
) -> tuple[NDArray[np.float32], Sequence[EmbeddedDocument | None]]:
    """Return probabilities float32 [documents, classes], and where the texts lie on a map."""
    if embedding is None:
        probabilities = engine.probabilities(encodings, exclusive=exclusive)
        return probabilities, [None] * len(encodings)
    probabilities, embedded = engine.embedded_probabilities(encodings, exclusive=exclusive)
    return probabilities, embedding.documents(embedded)
