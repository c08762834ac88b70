"""Who is admitted, what runs together, and what is never computed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from artifacts.inference import MOST_TOKENS
from artifacts.preprocessing import Encoding
from guards.schema import CanonicalRow
from service.errors import DeadlinePassed, Overloaded
from service.scheduling import Outcome, Scheduler

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence

    from numpy.typing import NDArray

FAR_S = 30.0


class GatedEngine:
    """An engine that answers with a document's mark, once the gate is open."""

    name = "gated"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.busy = threading.Event()
        self.passes: list[list[int]] = []
        self.error: Exception | None = None

    def warm_up(self) -> None:
        """Have nothing to do."""

    def probabilities(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        """Wait for the gate; the first class of each document is its mark in hundredths."""
        self.passes.append([mark_of(encoding) for encoding in encodings])
        self.busy.set()
        assert self.gate.wait(FAR_S)
        if self.error is not None:
            raise self.error
        marks = np.array([mark_of(encoding) for encoding in encodings], dtype=np.float32) / 100
        return np.stack([marks, 1 - marks], axis=1)

    @property
    def computed(self) -> list[int]:
        """The marks of every document that was ever run, in order."""
        return [mark for marks in self.passes for mark in marks]


def document(mark: int, tokens: int = 8) -> Encoding:
    """Make an encoding of so many tokens that carries its mark."""
    ids = np.full(tokens, mark, dtype=np.int64)
    return Encoding(ids, np.zeros(0), CanonicalRow((), ()), unknown_tokens=0, truncated=False)


def mark_of(encoding: Encoding) -> int:
    """Read the mark back."""
    return int(encoding.token_ids[0])


def soon() -> float:
    """Give a deadline that no test reaches."""
    return time.monotonic() + FAR_S


@contextlib.contextmanager
def scheduling(most_documents: int = 100) -> Iterator[tuple[Scheduler, GatedEngine]]:
    """Run a scheduler over a gated engine, and stop it at the end."""
    engine = GatedEngine()
    scheduler = Scheduler(engine, most_documents)
    try:
        yield scheduler, engine
    finally:
        engine.gate.set()
        scheduler.stop()


async def occupied(scheduler: Scheduler, engine: GatedEngine) -> asyncio.Task[list[Outcome]]:
    """Give the engine one document to be busy with, so that whatever follows waits."""
    first = asyncio.create_task(scheduler.run([document(99, tokens=3)], soon()))
    assert await asyncio.to_thread(engine.busy.wait, FAR_S)
    return first


async def queued(work: Coroutine[Any, Any, list[Outcome]]) -> asyncio.Task[list[Outcome]]:
    """Start work and let it reach the queue."""
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    return task


def marks(outcomes: Sequence[Outcome]) -> list[int]:
    """Read the marks out of the answers."""
    return [round(float(outcome.probabilities[0]) * 100) for outcome in outcomes]


def test_answers_come_back_in_the_order_of_the_request() -> None:
    """Whatever shares a pass, each document gets its own answer."""
    lengths = (5, 9, 5, 7, 9)

    async def scenario(scheduler: Scheduler) -> list[Outcome]:
        encodings = [document(mark, tokens) for mark, tokens in enumerate(lengths, start=1)]
        return await scheduler.run(encodings, soon())

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        outcomes = asyncio.run(scenario(scheduler))
    assert marks(outcomes) == [1, 2, 3, 4, 5]
    assert all(outcome.queue_s >= 0 and outcome.infer_s >= 0 for outcome in outcomes)


def test_a_request_over_the_limit_is_refused_and_told_when_to_come_back() -> None:
    """Nothing is computed for it, and those who were admitted are answered."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> list[Outcome]:
        with scheduler.admit(3):
            running = asyncio.create_task(
                scheduler.run([document(mark) for mark in (1, 2, 3)], soon())
            )
            with pytest.raises(Overloaded) as caught, scheduler.admit(2):
                pytest.fail("there was no room")
            assert caught.value.retry_after_s >= 1
            engine.gate.set()
            return await running

    with scheduling(most_documents=4) as (scheduler, engine):
        assert marks(asyncio.run(scenario(scheduler, engine))) == [1, 2, 3]
        assert sorted(engine.computed) == [1, 2, 3]


@pytest.mark.parametrize("ending", ["success", "error", "cancellation"])
def test_places_are_free_again_however_a_request_ends(ending: str) -> None:
    """The next request finds the room that the last one had."""

    async def request(scheduler: Scheduler) -> None:
        with scheduler.admit(2):
            await scheduler.run([document(1), document(2)], soon())

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        running = asyncio.create_task(request(scheduler))
        await asyncio.to_thread(engine.busy.wait, FAR_S)
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
        with scheduler.admit(1):
            with scheduler.admit(1):
                waiting = asyncio.create_task(scheduler.emptied())
            await asyncio.sleep(0)
            assert not waiting.done()
        await asyncio.wait_for(waiting, FAR_S)

    with scheduling() as (scheduler, _):
        asyncio.run(scenario(scheduler))


def test_only_documents_of_one_length_share_a_pass_and_the_oldest_goes_first() -> None:
    """The one that waited longest is taken, with those like it, from whichever request."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        one = await queued(scheduler.run([document(1, 7), document(2, 5)], soon()))
        two = await queued(scheduler.run([document(3, 5), document(4, 7)], soon()))
        three = await queued(scheduler.run([document(5, 6)], soon()))
        engine.gate.set()
        await asyncio.gather(first, one, two, three)

    with scheduling() as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.passes == [[99], [1, 4], [2, 3], [5]]


def test_a_pass_holds_a_bounded_number_of_tokens() -> None:
    """Many long documents are not one long wait for everybody else."""
    tokens = MOST_TOKENS // 2

    async def scenario(scheduler: Scheduler) -> list[Outcome]:
        return await scheduler.run([document(mark, tokens) for mark in range(5)], soon())

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        assert marks(asyncio.run(scenario(scheduler))) == [0, 1, 2, 3, 4]
        assert engine.passes == [[0, 1], [2, 3], [4]]


def test_a_document_longer_than_a_pass_runs_alone() -> None:
    """No document is too long to be taken at all."""

    async def scenario(scheduler: Scheduler) -> list[Outcome]:
        return await scheduler.run([document(mark, MOST_TOKENS * 2) for mark in (1, 2)], soon())

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        assert marks(asyncio.run(scenario(scheduler))) == [1, 2]
        assert engine.passes == [[1], [2]]


def test_what_is_past_its_deadline_in_the_queue_is_never_computed() -> None:
    """The caller hears of it at the deadline, though the engine is busy with something else."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        with pytest.raises(DeadlinePassed):
            await scheduler.run([document(1), document(2)], time.monotonic() + 0.05)
        assert not engine.gate.is_set()
        engine.gate.set()
        assert marks(await scheduler.run([document(3)], soon())) == [3]
        await first

    with scheduling() as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.computed == [99, 3]


def test_a_deadline_that_has_passed_already_queues_nothing() -> None:
    """Not even an idle engine starts it."""

    async def scenario(scheduler: Scheduler) -> None:
        with pytest.raises(DeadlinePassed):
            await scheduler.run([document(1)], time.monotonic())

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        asyncio.run(scenario(scheduler))
        scheduler.stop()
        assert engine.computed == []


def test_documents_of_a_caller_who_left_are_dropped_and_the_others_answered() -> None:
    """Cancelling one request of three takes its documents out of the shared pass."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        one = await queued(scheduler.run([document(1), document(2)], soon()))
        leaving = await queued(scheduler.run([document(3), document(4)], soon()))
        two = await queued(scheduler.run([document(5)], soon()))
        leaving.cancel()
        await asyncio.wait([leaving])
        engine.gate.set()
        assert marks(await one) == [1, 2]
        assert marks(await two) == [5]
        await first

    with scheduling() as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.passes == [[99], [1, 2, 5]]


def test_an_engine_error_reaches_its_caller_and_the_next_request_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Only the documents of the failed pass fail, and nothing is left to complain later."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        engine.error = RuntimeError("broken")
        with pytest.raises(RuntimeError, match="broken"):
            await scheduler.run([document(mark) for mark in (1, 2, 3)], soon())
        engine.error = None
        assert marks(await scheduler.run([document(4)], soon())) == [4]

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        asyncio.run(scenario(scheduler, engine))
    assert caplog.records == []


def test_a_timeout_of_the_engine_is_no_deadline() -> None:
    """An engine that raises ``TimeoutError`` has failed; the deadline has not passed."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        engine.error = TimeoutError("a device did not answer")
        with pytest.raises(TimeoutError, match="a device"):
            await scheduler.run([document(1)], soon())

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        asyncio.run(scenario(scheduler, engine))


def test_stop_finishes_what_is_queued() -> None:
    """Whoever was admitted before the stop is answered."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        first = await occupied(scheduler, engine)
        second = await queued(scheduler.run([document(1, 4), document(2, 5)], soon()))
        stopping = asyncio.create_task(asyncio.to_thread(scheduler.stop))
        engine.gate.set()
        await stopping
        assert marks([*await first, *await second]) == [99, 1, 2]

    with scheduling() as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
