"""What the lanes run, and what they never do."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pytest

from artifacts.preprocessing import Encoding
from guards.schema import CanonicalRow
from service.errors import DeadlinePassed, Overloaded
from service.scheduling import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from numpy.typing import NDArray

T = TypeVar("T")

FAR_S = 30.0
MOST_TOKENS = 512


class GatedEngine:
    """An engine that answers with a document's mark, once the gate is open."""

    name = "gated"

    def __init__(self, lanes: int, most_tokens: int = 0) -> None:
        self.lanes = lanes
        self.most_tokens = most_tokens
        self.passes: list[list[int]] = []
        self.gate = threading.Event()
        self.started = threading.Semaphore(0)
        self.computed: list[int] = []
        self.alone: list[int] = []
        self.error: Exception | None = None

    def warm_up(self) -> None:
        """Have nothing to do."""

    def probabilities(
        self, encodings: Sequence[Encoding], *, alone: bool = False
    ) -> NDArray[np.float32]:
        """Wait for the gate; the first class of each document is its mark in hundredths."""
        marks = [mark_of(encoding) for encoding in encodings]
        self.passes.append(marks)
        self.computed += marks
        if alone:
            self.alone += marks
        self.started.release()
        assert self.gate.wait(FAR_S)
        if self.error is not None:
            raise self.error
        return np.array([[mark / 100, 1 - mark / 100] for mark in marks], dtype=np.float32)

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
    """Give a deadline that no test reaches."""
    return time.monotonic() + FAR_S


@contextlib.contextmanager
def scheduling(
    lanes: int = 1, most_documents: int = 100, most_tokens: int = 0
) -> Iterator[tuple[Scheduler, GatedEngine]]:
    """Run a scheduler over a gated engine, and stop it at the end."""
    engine = GatedEngine(lanes, most_tokens)
    scheduler = Scheduler(engine, most_documents, MOST_TOKENS)
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
        outcomes = await scheduler.run(permit, documents)
    assert all(outcome.queue_s >= 0 and outcome.infer_s >= 0 for outcome in outcomes)
    return [round(float(outcome.probabilities[0]) * 100) for outcome in outcomes]


async def occupied(scheduler: Scheduler, engine: GatedEngine) -> list[asyncio.Task[list[int]]]:
    """Give every lane a document to be busy with, so that whatever follows waits."""
    tasks = [await queued(answer(scheduler, document(99))) for _ in range(engine.lanes)]
    await engine.begins(engine.lanes)
    return tasks


async def took(scheduler: Scheduler, engine: GatedEngine, document: Encoding) -> None:
    """Let a document take a twentieth of a second, to show how long they take."""
    running = await queued(answer(scheduler, document))
    await engine.begins()
    await asyncio.sleep(0.05)
    engine.gate.set()
    await running
    engine.gate.clear()


async def queued(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start work and let it reach the queue."""
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize("lanes", [1, 3])
def test_answers_come_back_in_the_order_of_the_request(lanes: int) -> None:
    """Whichever lane answers first, each document gets its own answer."""
    with scheduling(lanes) as (scheduler, engine):
        engine.gate.set()
        documents = [document(mark, 5 + mark % 3) for mark in range(1, 30)]
        assert asyncio.run(answer(scheduler, *documents)) == list(range(1, 30))


def test_a_request_over_the_limit_is_refused_and_told_when_to_come_back() -> None:
    """Nothing is computed for it, and those who were admitted are answered."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> list[int]:
        running = await queued(answer(scheduler, *map(document, (1, 2, 3))))
        with pytest.raises(Overloaded) as caught:
            await answer(scheduler, document(4), document(5))
        assert caught.value.retry_after_s >= 1
        engine.gate.set()
        return await running

    with scheduling(most_documents=4) as (scheduler, engine):
        assert asyncio.run(scenario(scheduler, engine)) == [1, 2, 3]
        assert engine.computed == [1, 2, 3]


def test_a_request_that_would_be_late_is_refused_early() -> None:
    """One pass has shown how long they take; there are places, and no time."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> list[int]:
        await took(scheduler, engine, document(1))
        waiting = await queued(answer(scheduler, *map(document, range(2, 22))))
        with pytest.raises(Overloaded):
            await answer(scheduler, document(50), deadline=time.monotonic() + 0.5)
        engine.gate.set()
        return await waiting

    with scheduling() as (scheduler, engine):
        assert asyncio.run(scenario(scheduler, engine)) == list(range(2, 22))
        assert 50 not in engine.computed


@pytest.mark.parametrize("ending", ["success", "error", "cancellation"])
def test_places_are_free_again_however_a_request_ends(ending: str) -> None:
    """The next request finds the room that the last one had."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        running = await queued(answer(scheduler, document(1), document(2)))
        await engine.begins()
        assert scheduler.documents == 2
        if ending == "cancellation":
            running.cancel()
        engine.gate.set()
        await asyncio.wait([running])
        assert scheduler.documents == 0
        await asyncio.wait_for(scheduler.emptied(), FAR_S)
        assert (running.cancelled(), bool(not running.cancelled() and running.exception())) == (
            ending == "cancellation",
            ending == "error",
        )

    with scheduling(most_documents=2) as (scheduler, engine):
        engine.error = RuntimeError("broken") if ending == "error" else None
        asyncio.run(scenario(scheduler, engine))


def test_emptied_waits_for_every_admitted_document() -> None:
    """A drain that waits for it goes on when the last place is free, and not before."""

    async def scenario(scheduler: Scheduler) -> None:
        with scheduler.admit([8], soon()):
            with scheduler.admit([8], soon()):
                waiting = asyncio.create_task(scheduler.emptied())
            await asyncio.sleep(0)
            assert not waiting.done()
        await asyncio.wait_for(waiting, FAR_S)

    with scheduling() as (scheduler, _):
        asyncio.run(scenario(scheduler))


def test_the_oldest_goes_first_one_at_a_time() -> None:
    """From whichever request, and whatever its length."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        one = await queued(answer(scheduler, document(1, 7), document(2, 5)))
        two = await queued(answer(scheduler, document(3, 5), document(4, 7)))
        engine.gate.set()
        await asyncio.gather(*first, one, two)

    with scheduling() as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.computed == [99, 1, 2, 3, 4]


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


def test_work_that_comes_during_a_pass_alone_is_taken_at_once() -> None:
    """The first was alone when it began; the second is not, and does not wait for it."""

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
        assert engine.alone == [1, 3]


def test_what_is_past_its_deadline_in_the_queue_is_never_computed() -> None:
    """The caller hears of it at the deadline, though the engine is busy with something else."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        with pytest.raises(DeadlinePassed):
            await answer(scheduler, document(1), document(2), deadline=time.monotonic() + 0.05)
        assert not engine.gate.is_set()
        engine.gate.set()
        assert await answer(scheduler, document(3)) == [3]
        await asyncio.gather(*first)

    with scheduling() as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.computed == [99, 3]


def test_a_deadline_that_passes_before_the_queue_is_reached_computes_nothing() -> None:
    """Not even an idle engine starts what took too long to encode."""

    async def scenario(scheduler: Scheduler) -> None:
        deadline = time.monotonic() + 0.01
        with scheduler.admit([8], deadline) as permit:
            await asyncio.sleep(deadline - time.monotonic() + 0.001)
            with pytest.raises(DeadlinePassed):
                await scheduler.run(permit, [document(1)])

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        asyncio.run(scenario(scheduler))
        scheduler.stop()
        assert engine.computed == []


def test_a_request_without_hope_is_told_at_once() -> None:
    """It turned out to be longer than there is time for; the one behind it has enough."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        await took(scheduler, engine, document(1, tokens=1))
        first = await occupied(scheduler, engine)
        deadline = time.monotonic() + FAR_S / 2
        hopeless = await queued(answer(scheduler, *[document(2, 400)] * 2, deadline=deadline))
        behind = await queued(answer(scheduler, document(3), deadline=deadline + 10 * FAR_S))
        engine.gate.set()
        with pytest.raises(DeadlinePassed):
            await asyncio.wait_for(hopeless, FAR_S / 4)
        assert await behind == [3]
        await asyncio.gather(*first)

    with scheduling() as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.computed == [1, 99, 3]


def test_documents_of_a_caller_who_left_are_dropped_and_the_others_answered() -> None:
    """Cancelling one request of three takes its documents out of the queue."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        one = await queued(answer(scheduler, document(1), document(2)))
        leaving = await queued(answer(scheduler, document(3), document(4)))
        two = await queued(answer(scheduler, document(5)))
        leaving.cancel()
        await asyncio.wait([leaving])
        engine.gate.set()
        assert [await one, await two] == [[1, 2], [5]]
        await asyncio.gather(*first)

    with scheduling() as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.computed == [99, 1, 2, 5]


def test_an_engine_error_reaches_its_caller_and_the_next_request_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Only the request of the failed pass fails, and nothing is left to complain later."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        engine.error = RuntimeError("broken")
        with pytest.raises(RuntimeError, match="broken"):
            await answer(scheduler, *map(document, (1, 2, 3)))
        engine.error = None
        assert await answer(scheduler, document(4)) == [4]

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        asyncio.run(scenario(scheduler, engine))
    assert caplog.records == []


def test_a_timeout_of_the_engine_is_no_deadline() -> None:
    """An engine that raises ``TimeoutError`` has failed; the deadline has not passed."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        engine.error = TimeoutError("a device did not answer")
        with pytest.raises(TimeoutError, match="a device"):
            await answer(scheduler, document(1))

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        asyncio.run(scenario(scheduler, engine))


def test_documents_share_a_pass_up_to_the_engines_tokens() -> None:
    """Whatever waits runs together, of several requests, and each hears its own answer."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        one = await queued(answer(scheduler, document(1), document(2)))
        two = await queued(answer(scheduler, document(3), document(4, tokens=20)))
        engine.gate.set()
        assert await asyncio.gather(one, two, *first) == [[1, 2], [3, 4], [99]]

    with scheduling(most_tokens=30) as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.passes == [[99], [1, 2, 3], [4]]


def test_a_pass_that_fails_fails_all_of_its_requests() -> None:
    """None of them waits for ever, and the next pass is another."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        both = [await queued(answer(scheduler, document(mark))) for mark in (1, 2)]
        engine.error = RuntimeError("out of memory")
        engine.gate.set()
        failed = await asyncio.gather(*first, *both, return_exceptions=True)
        assert [str(error) for error in failed] == ["out of memory"] * 3
        engine.error = None
        assert await answer(scheduler, document(3)) == [3]

    with scheduling(most_tokens=30) as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.passes == [[99], [1, 2], [3]]


def test_a_document_without_tokens_ends_no_lane() -> None:
    """Whatever the engine makes of it, the next document is answered."""

    async def scenario(scheduler: Scheduler) -> None:
        with pytest.raises(IndexError):
            await answer(scheduler, document(1, tokens=0))
        assert await answer(scheduler, document(2)) == [2]

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        asyncio.run(scenario(scheduler))


class SteppedEngine(GatedEngine):
    """An engine each of whose passes ends with a step."""

    def __init__(self, lanes: int) -> None:
        super().__init__(lanes)
        self.steps = threading.Semaphore(0)

    def probabilities(
        self, encodings: Sequence[Encoding], *, alone: bool = False
    ) -> NDArray[np.float32]:
        """Wait for a step, not for the gate."""
        self.started.release()
        assert self.steps.acquire(timeout=FAR_S)
        self.gate.set()
        return super().probabilities(encodings, alone=alone)


def stepwise(
    scenario: Callable[[SteppedEngine, list[asyncio.Task[list[int]]]], Coroutine[Any, Any, None]],
) -> None:
    """Play a scenario with four requests of one document, the first of which has begun."""
    engine = SteppedEngine(lanes=1)
    scheduler = Scheduler(engine, 100, MOST_TOKENS)

    async def play() -> None:
        requests = [await queued(answer(scheduler, document(mark))) for mark in range(4)]
        await engine.begins()
        await scenario(engine, requests)

    try:
        asyncio.run(play())
    finally:
        engine.steps.release(4)
        scheduler.stop()


def test_quick_answers_wait_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """While more documents wait than have been answered, the event loop is not woken."""
    monkeypatch.setattr("service.scheduling.scheduler._GATHERING_S", FAR_S)

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
    """Where passes take long, the first is told while the second runs."""

    async def scenario(engine: SteppedEngine, requests: list[asyncio.Task[list[int]]]) -> None:
        await asyncio.sleep(0.05)
        engine.steps.release()
        assert await asyncio.wait_for(requests[0], FAR_S) == [0]
        assert engine.computed == [0]

    stepwise(scenario)


def test_no_answer_waits_for_those_who_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """When all that waited are gone there is nothing more to come."""
    monkeypatch.setattr("service.scheduling.scheduler._GATHERING_S", FAR_S)

    async def scenario(engine: SteppedEngine, requests: list[asyncio.Task[list[int]]]) -> None:
        for request in requests[1:]:
            request.cancel()
        await asyncio.wait(requests[1:])
        engine.steps.release()
        assert await asyncio.wait_for(requests[0], FAR_S) == [0]

    stepwise(scenario)


@pytest.mark.parametrize("lanes", [1, 2])
def test_stop_finishes_what_is_queued(lanes: int) -> None:
    """Whoever was admitted before the stop is answered."""

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


class UnsteadyEngine(GatedEngine):
    """An engine that fails every fifth document, and is in no hurry."""

    def probabilities(
        self, encodings: Sequence[Encoding], *, alone: bool = False
    ) -> NDArray[np.float32]:
        """Answer or fail; other threads may run in between."""
        time.sleep(0)
        answers = super().probabilities(encodings, alone=alone)
        if mark_of(encodings[0]) % 5 == 0:
            message = "the fifth"
            raise RuntimeError(message)
        return answers


@pytest.mark.parametrize("seed", range(5))
def test_every_request_ends_once_and_as_it_should(
    seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Cancelled, too late, failed or answered, with a stop at the end: nothing is lost or twice."""
    rng = random.Random(seed)  # noqa: S311 (a scenario, not a secret)
    engine = UnsteadyEngine(lanes=3)
    engine.gate.set()
    scheduler = Scheduler(engine, 10_000, MOST_TOKENS)
    ended: Counter[str] = Counter()

    async def request(first: int) -> None:
        marks = range(first, first + rng.randint(1, 4))
        try:
            deadline = time.monotonic() + rng.choice([0.001, 0.01, FAR_S])
            answers = await answer(scheduler, *map(document, marks), deadline=deadline)
        except (DeadlinePassed, Overloaded):
            ended["late"] += 1
        except RuntimeError:
            assert any(mark % 5 == 0 for mark in marks)
            ended["failed"] += 1
        else:
            assert answers == list(marks)
            assert not any(mark % 5 == 0 for mark in marks)
            ended["answered"] += 1

    async def scenario() -> None:
        tasks = []
        for _ in range(300):
            tasks.append(await queued(request(rng.randint(1, 90))))
            if rng.random() < 0.2:
                rng.choice(tasks).cancel()
        await asyncio.to_thread(scheduler.stop)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        ended["cancelled"] = sum(isinstance(r, asyncio.CancelledError) for r in results)
        assert [r for r in results if isinstance(r, Exception)] == []

    asyncio.run(scenario())
    assert sum(ended.values()) == 300
    assert min(ended["answered"], ended["failed"], ended["cancelled"]) > 0
    assert scheduler.documents == 0
    assert caplog.records == []
