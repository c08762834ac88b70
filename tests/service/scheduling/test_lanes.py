"""What the lanes run together, and when its results are sent."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pytest

from guards.drift.embedding import COORDINATES, DIMENSIONS, EmbeddingMap
from service.scheduling.scheduler import Scheduler
from tests.service.scheduling.gated import (
    FAR_S,
    MAX_TOKENS,
    GatedEngine,
    answer,
    document,
    occupied,
    queued,
    scheduling,
    soon,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding
    from service.scheduling.jobs import Inference


def test_lanes_run_side_by_side() -> None:
    """The gate opens only when as many passes have begun as there are lanes."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> list[int]:
        running = await queued(answer(scheduler, *map(document, range(1, 6))))
        await engine.begins(3)
        assert sorted(engine.computed) == [1, 2, 3]
        engine.gate.set()
        return await running

    with scheduling(lanes=3) as (scheduler, engine):
        assert asyncio.run(scenario(scheduler, engine)) == [1, 2, 3, 4, 5]


def test_work_that_comes_during_an_exclusive_pass_is_taken_at_once() -> None:
    """The first was exclusive when it began; the second is not, and does not wait for it."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await queued(answer(scheduler, document(1)))
        await engine.begins()
        second = await queued(answer(scheduler, document(2)))
        await engine.begins()
        engine.gate.set()
        await asyncio.gather(first, second)
        await answer(scheduler, document(3))

    with scheduling(lanes=2) as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.computed == [1, 2, 3]
        assert engine.exclusive == [1, 3]


def test_a_result_says_whether_its_pass_was_exclusive() -> None:
    """Of two documents that came together the first had company, and the second had none."""

    async def scenario(scheduler: Scheduler) -> list[bool]:
        with scheduler.admit([1, 1], soon()) as permit:
            inferences = await scheduler.run(permit, [document(1), document(2)])
        return [inference.exclusive for inference in inferences]

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        assert asyncio.run(scenario(scheduler)) == [False, True]
        assert engine.exclusive == [2]


def test_documents_share_a_pass_up_to_the_engines_tokens() -> None:
    """Documents of several requests run together, and each request gets its own answers."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        one = await queued(answer(scheduler, document(1), document(2)))
        two = await queued(answer(scheduler, document(3), document(4, tokens=20)))
        engine.gate.set()
        assert await asyncio.gather(one, two, *first) == [[1, 2], [3, 4], [99]]

    with scheduling(max_tokens=30) as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.passes == [[99], [1, 2, 3], [4]]


def test_a_pass_that_fails_fails_all_of_its_requests() -> None:
    """None of them waits for ever, and the next pass succeeds."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        both = [await queued(answer(scheduler, document(mark))) for mark in (1, 2)]
        engine.error = RuntimeError("out of memory")
        engine.gate.set()
        failed = await asyncio.gather(*first, *both, return_exceptions=True)
        assert [str(error) for error in failed] == ["out of memory"] * 3
        engine.error = None
        assert await answer(scheduler, document(3)) == [3]

    with scheduling(max_tokens=30) as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.passes == [[99], [1, 2], [3]]


def test_a_document_without_tokens_ends_no_lane() -> None:
    """The engine may fail on it, and the next document is answered."""

    async def scenario(scheduler: Scheduler) -> None:
        with pytest.raises(IndexError):
            await answer(scheduler, document(1, tokens=0))
        assert await answer(scheduler, document(2)) == [2]

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        asyncio.run(scenario(scheduler))


def test_results_say_where_the_texts_lie() -> None:
    """Each document of a pass has the cell and the coordinates of its own embedding."""
    near = EmbeddingMap(b"\xff" * 8, centroids_at(0.0, 5.0).tobytes(), "gated")

    async def scenario(scheduler: Scheduler) -> list[Inference]:
        with scheduler.admit([1, 1], soon()) as permit:
            return await scheduler.run(permit, [document(1), document(30)])

    with scheduling(max_tokens=100, embedding=near) as (scheduler, engine):
        engine.gate.set()
        inferences = asyncio.run(scenario(scheduler))

    assert engine.passes == [[1, 30]]
    embedded = [inference.embedded for inference in inferences]
    assert [one.cell for one in embedded if one is not None] == [0, 1]
    for one, mark in zip(embedded, (1, 30), strict=True):
        assert one is not None
        assert one.coordinates == pytest.approx([mark / DIMENSIONS**0.5] * COORDINATES)


@pytest.mark.parametrize(
    ("embedding_engine", "gives"), [(None, True), ("gated", False), ("another", True)]
)
def test_an_embedding_that_is_not_watched_is_not_computed(
    *, embedding_engine: str | None, gives: bool
) -> None:
    """Without a map, where the engine gives none, and with the map of another engine."""

    class PlainEngine(GatedEngine):
        embeds = gives

        def embedded_probabilities(self, *_: object, **__: object) -> NoReturn:
            raise NotImplementedError

    embedding = (
        EmbeddingMap(bytes(8), centroids_at(0.0).tobytes(), embedding_engine)
        if embedding_engine
        else None
    )

    async def scenario(scheduler: Scheduler) -> list[Inference]:
        with scheduler.admit([1], soon()) as permit:
            return await scheduler.run(permit, [document(1)])

    engine = PlainEngine(lanes=1)
    engine.gate.set()
    scheduler = Scheduler(engine, 100, MAX_TOKENS, embedding)
    try:
        (inference,) = asyncio.run(scenario(scheduler))
    finally:
        scheduler.stop()

    assert inference.embedded is None


def centroids_at(*values: float) -> NDArray[np.float32]:
    """Return a centroid for each value, all of whose coordinates are it."""
    return np.repeat(np.array(values, dtype=np.float32)[:, np.newaxis], DIMENSIONS, axis=1)


class SteppedEngine(GatedEngine):
    """An engine each of whose passes ends with a step."""

    def __init__(self, lanes: int) -> None:
        super().__init__(lanes)
        self.steps = threading.Semaphore(0)

    def probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> NDArray[np.float32]:
        """Wait for a step, not for the gate."""
        self.started.release()
        assert self.steps.acquire(timeout=FAR_S)
        self.gate.set()
        return super().probabilities(encodings, exclusive=exclusive)


def stepwise(
    scenario: Callable[[SteppedEngine, list[asyncio.Task[list[int]]]], Coroutine[None, None, None]],
    tokens: Sequence[int] = (8, 8, 8, 8),
) -> None:
    """Play a scenario with requests of one document each, the first of which has begun."""
    engine = SteppedEngine(lanes=1)
    scheduler = Scheduler(engine, 100, MAX_TOKENS)

    async def play() -> None:
        requests = [
            await queued(answer(scheduler, document(mark, tokens=n)))
            for mark, n in enumerate(tokens)
        ]
        await engine.begins()
        await scenario(engine, requests)

    try:
        asyncio.run(play())
    finally:
        engine.steps.release(4)
        scheduler.stop()


def test_quick_answers_wait_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """While more documents wait than have been answered, the event loop is not woken."""
    monkeypatch.setattr("service.scheduling.lanes._COALESCING_S", FAR_S)

    async def scenario(engine: SteppedEngine, requests: list[asyncio.Task[list[int]]]) -> None:
        engine.steps.release()
        await engine.begins(2)
        assert not requests[0].done()
        engine.steps.release()
        assert await asyncio.gather(*requests[:2]) == [[0], [1]]
        engine.steps.release(2)
        assert await asyncio.gather(*requests[2:]) == [[2], [3]]

    stepwise(scenario)


def test_no_answer_waits_for_a_slow_pass() -> None:
    """Where passes take long, the first result is sent while the second pass runs."""

    async def scenario(engine: SteppedEngine, requests: list[asyncio.Task[list[int]]]) -> None:
        await asyncio.sleep(0.05)
        engine.steps.release()
        assert await asyncio.wait_for(requests[0], FAR_S) == [0]
        assert engine.computed == [0]

    stepwise(scenario)


def test_no_short_answer_waits_for_a_long_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of the next pass is told by its tokens, not by the pass before."""
    # One token took a hundredth of the wait that is allowed, or more: 400 take too long.
    monkeypatch.setattr("service.scheduling.lanes._COALESCING_S", 1.0)

    async def scenario(engine: SteppedEngine, requests: list[asyncio.Task[list[int]]]) -> None:
        await asyncio.sleep(0.01)
        engine.steps.release()
        assert await asyncio.wait_for(requests[0], FAR_S) == [0]
        assert engine.computed == [0]

    stepwise(scenario, tokens=(1, 400, 400, 400))


def test_no_answer_waits_for_callers_that_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """When all callers that waited have left, there is nothing to wait for."""
    monkeypatch.setattr("service.scheduling.lanes._COALESCING_S", FAR_S)

    async def scenario(engine: SteppedEngine, requests: list[asyncio.Task[list[int]]]) -> None:
        for request in requests[1:]:
            request.cancel()
        await asyncio.wait(requests[1:])
        engine.steps.release()
        assert await asyncio.wait_for(requests[0], FAR_S) == [0]

    stepwise(scenario)


@pytest.mark.parametrize("lanes", [1, 2])
def test_stop_finishes_what_is_queued(lanes: int) -> None:
    """A request that was admitted before the stop is answered."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        second = await queued(answer(scheduler, *map(document, (1, 2, 3))))
        stopping = asyncio.create_task(asyncio.to_thread(scheduler.stop))
        engine.gate.set()
        await stopping
        assert await second == [1, 2, 3]
        await asyncio.gather(*first)

    with scheduling(lanes) as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))


class BusyEngine(GatedEngine):
    """An engine that computes for a tenth of a second of processor time."""

    def probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> NDArray[np.float32]:
        """Compute, then sleep for as long."""
        until_s = time.thread_time() + 0.1
        while time.thread_time() < until_s:
            pass
        time.sleep(0.1)
        return super().probabilities(encodings, exclusive=exclusive)


def test_processor_time_is_divided_by_tokens_and_wall_time_is_not() -> None:
    """Two documents of one pass have its wall time, and share the processor time of its thread."""
    engine = BusyEngine(lanes=1, max_tokens=100)
    engine.gate.set()
    scheduler = Scheduler(engine, 100, MAX_TOKENS)
    documents = [document(1, tokens=10), document(2, tokens=30)]

    async def scenario() -> list[Inference]:
        with scheduler.admit([1, 1], time.monotonic() + FAR_S) as permit:
            return await scheduler.run(permit, documents)

    try:
        short, long = asyncio.run(scenario())
    finally:
        scheduler.stop()
    assert engine.passes == [[1, 2]]
    assert short.infer_s == long.infer_s >= 0.2
    assert long.cpu_s == pytest.approx(3 * short.cpu_s)
    assert 0.1 <= short.cpu_s + long.cpu_s <= scheduler.engine_cpu_s < long.infer_s
