"""A document in a lane, and the request that waits for its results."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.errors import DeadlinePassed
from service.scheduling.queueing import Job

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding
    from guards.drift.embedding import EmbeddedDocument

__all__ = ["DocumentJob", "Inference", "RequestResults"]


@dataclass(frozen=True, slots=True)
class Inference:
    """Probabilities float32 [classes] of one document, and its times in seconds.

    ``queue_s`` is the time in the queue, ``infer_s`` the wall time of the pass, and ``cpu_s`` the
    processor time of its thread, divided by tokens among the documents of the pass. An
    ``exclusive`` pass might use every core: the time of its helper threads is not in ``cpu_s``.
    ``embedded`` says where the text lies; None where the embedding is not watched.
    """

    probabilities: NDArray[np.float32]
    queue_s: float
    infer_s: float
    cpu_s: float
    exclusive: bool
    embedded: EmbeddedDocument | None = None


class RequestResults:
    """The results of one request's documents; used on the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, documents: int) -> None:
        """Expect the results of so many documents."""
        self.loop = loop
        self._inferences: list[Inference | None] = [None] * documents
        self._missing = documents
        self._failure: Exception | None = None
        self._settled: asyncio.Future[None] = loop.create_future()

    def settle(self, index: int, result: Inference | Exception) -> None:
        """Add the result of one document; the first failure is that of the request."""
        if isinstance(result, Exception):
            self._failure = self._failure or result
        else:
            self._inferences[index] = result
            self._missing -= 1
        if not self._settled.done() and (self._failure or not self._missing):
            self._settled.set_result(None)

    async def complete(self, deadline: float) -> list[Inference]:
        """Wait for every result, until ``deadline`` on ``time.monotonic``."""
        late = DeadlinePassed()
        timer = self.loop.call_later(deadline - time.monotonic(), self.settle, 0, late)
        try:
            await self._settled
        finally:
            timer.cancel()
        if self._failure is not None:
            raise self._failure
        return [inference for inference in self._inferences if inference is not None]


@dataclass(slots=True, eq=False)
class DocumentJob(Job):
    """The document at ``index`` of a request; ``queued_at`` is on ``time.monotonic``."""

    encoding: Encoding
    results: RequestResults
    index: int
    queued_at: float

    def give_up(self) -> None:
        """Fail the whole request, whose documents succeed or fail together."""
        self.call_on_loop(self.results.settle, self.index, DeadlinePassed())

    def call_on_loop(self, function: Callable[..., None], *arguments: object) -> None:
        """Call a function on the event loop, from a lane."""
        # The loop is closed when the process stops without waiting for its requests.
        with contextlib.suppress(RuntimeError):
            self.results.loop.call_soon_threadsafe(function, *arguments)
