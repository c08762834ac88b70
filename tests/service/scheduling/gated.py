"""An engine behind a gate, and requests to a scheduler that runs on it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from artifacts.bundle.preprocessing import Encoding
from guards.schema import CanonicalRow
from service.scheduling.scheduler import Scheduler
from tests.patience import AGES_S, PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence

    from numpy.typing import NDArray

    from guards.drift.embedding import EmbeddingMap

__all__ = [
    "FAR_S",
    "MAX_TOKENS",
    "GatedEngine",
    "answer",
    "document",
    "mark_of",
    "occupied",
    "queued",
    "scheduling",
    "soon",
]

T = TypeVar("T")

FAR_S = PATIENCE_S
MAX_TOKENS = 512


class GatedEngine:
    """An engine that answers with a document's mark once its gate is open."""

    name = "gated"
    embeds = True

    def __init__(self, lanes: int, max_tokens: int = 0) -> None:
        self.lanes = lanes
        self.max_tokens = max_tokens
        self.passes: list[list[int]] = []
        self.gate = threading.Event()
        self.started = threading.Semaphore(0)
        self.computed: list[int] = []
        self.exclusive: list[int] = []
        self.error: Exception | None = None

    def warm_up(self) -> None:
        """Have nothing to do."""

    def probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> NDArray[np.float32]:
        """Wait for the gate; the first class of each document is its mark in hundredths."""
        marks = [mark_of(encoding) for encoding in encodings]
        self.passes.append(marks)
        self.computed += marks
        if exclusive:
            self.exclusive += marks
        self.started.release()
        assert self.gate.wait(FAR_S)
        if self.error is not None:
            raise self.error
        return np.array([[mark / 100, 1 - mark / 100] for mark in marks], dtype=np.float32)

    def embedded_probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Answer, with an embedding of two numbers: the mark of each document, and nothing."""
        embedding = [[mark_of(encoding), 0] for encoding in encodings]
        probabilities = self.probabilities(encodings, exclusive=exclusive)
        return probabilities, np.array(embedding, dtype=np.float32)

    async def begins(self, passes: int = 1) -> None:
        """Wait until so many more passes have begun."""
        for _ in range(passes):
            assert await asyncio.to_thread(self.started.acquire, timeout=FAR_S)


def document(mark: int, tokens: int = 8) -> Encoding:
    """Make an encoding of so many tokens that carries its mark."""
    ids = np.full((1, tokens), mark, dtype=np.int64)
    return Encoding(ids, np.zeros(0), CanonicalRow((), ()), unknown_tokens=0, truncated=False)


def mark_of(encoding: Encoding) -> int:
    """Read the mark back."""
    return int(encoding.token_ids[0, 0])


def soon() -> float:
    """Return a deadline that no test reaches, nor an estimate that a stall has spoilt."""
    return time.monotonic() + AGES_S


@contextlib.contextmanager
def scheduling(
    lanes: int = 1,
    max_documents: int = 100,
    max_tokens: int = 0,
    embedding: EmbeddingMap | None = None,
) -> Iterator[tuple[Scheduler, GatedEngine]]:
    """Run a scheduler over a gated engine, and stop it at the end."""
    engine = GatedEngine(lanes, max_tokens)
    scheduler = Scheduler(engine, max_documents, MAX_TOKENS, embedding)
    try:
        yield scheduler, engine
    finally:
        engine.gate.set()
        scheduler.stop()


async def answer(
    scheduler: Scheduler, *documents: Encoding, deadline: float | None = None
) -> list[int]:
    """Ask for documents, as one request, and read the marks out of the answers."""
    deadline = soon() if deadline is None else deadline
    with scheduler.admit([len(encoding.token_ids) for encoding in documents], deadline) as permit:
        inferences = await scheduler.run(permit, documents)
    for inference in inferences:
        assert min(inference.queue_s, inference.infer_s, inference.cpu_s) >= 0
    return [round(float(inference.probabilities[0]) * 100) for inference in inferences]


async def occupied(scheduler: Scheduler, engine: GatedEngine) -> list[asyncio.Task[list[int]]]:
    """Occupy every lane with a document, so that whatever follows waits."""
    tasks = [await queued(answer(scheduler, document(99))) for _ in range(engine.lanes)]
    await engine.begins(engine.lanes)
    return tasks


async def queued(work: Coroutine[None, None, T]) -> asyncio.Task[T]:
    """Start work and let it reach the queue."""
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    return task
