"""What a scheduler admits, runs and answers, and what it never computes."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from service.errors import DeadlinePassed, Overloaded
from service.scheduling.scheduler import Scheduler
from tests.clock import Clock
from tests.patience import AGES_S
from tests.service.scheduling.gated import (
    FAR_S,
    MAX_TOKENS,
    GatedEngine,
    answer,
    document,
    mark_of,
    occupied,
    queued,
    scheduling,
    soon,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding

FAR = 1_000_000.0
"""A deadline on the tests' own clock that nothing reaches."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the schedulers of a test, and of their lanes and requests."""
    clock = Clock()
    for module in ("scheduler", "lanes", "jobs"):
        monkeypatch.setattr(f"service.scheduling.{module}.time", clock)
    return clock


async def takes(scheduler: Scheduler, engine: GatedEngine, clock: Clock, seconds: float) -> None:
    """Let a document of one token take so long, for the estimate."""
    running = await queued(answer(scheduler, document(1, tokens=1), deadline=FAR))
    await engine.begins()
    clock.now += seconds
    engine.gate.set()
    await running
    engine.gate.clear()


@pytest.mark.parametrize("lanes", [1, 3])
def test_answers_come_back_in_the_order_of_the_request(lanes: int) -> None:
    """Whichever lane answers first, each document gets its own answer."""
    with scheduling(lanes) as (scheduler, engine):
        engine.gate.set()
        documents = [document(mark, 5 + mark % 3) for mark in range(1, 30)]
        assert asyncio.run(answer(scheduler, *documents)) == list(range(1, 30))


def test_a_request_over_the_limit_is_refused_with_a_time_to_retry() -> None:
    """Nothing is computed for it, and the admitted request is answered."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> list[int]:
        running = await queued(answer(scheduler, *map(document, (1, 2, 3))))
        with pytest.raises(Overloaded) as caught:
            await answer(scheduler, document(4), document(5))
        assert caught.value.retry_after_s >= 1
        engine.gate.set()
        return await running

    with scheduling(max_documents=4) as (scheduler, engine):
        assert asyncio.run(scenario(scheduler, engine)) == [1, 2, 3]
        assert engine.computed == [1, 2, 3]


def test_a_request_that_would_be_late_is_refused_early(clock: Clock) -> None:
    """One pass has shown how long they take; there is capacity, and no time."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> list[int]:
        await takes(scheduler, engine, clock, 1)
        waiting = await queued(answer(scheduler, *map(document, range(2, 22)), deadline=FAR))
        with pytest.raises(Overloaded):
            await answer(scheduler, document(50), deadline=clock.now + 100)
        engine.gate.set()
        return await waiting

    with scheduling() as (scheduler, engine):
        assert asyncio.run(scenario(scheduler, engine)) == list(range(2, 22))
        assert 50 not in engine.computed


@pytest.mark.parametrize("ending", ["success", "error", "cancellation"])
def test_capacity_is_released_however_a_request_ends(ending: str) -> None:
    """The next request finds the capacity that the last one had."""

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

    with scheduling(max_documents=2) as (scheduler, engine):
        engine.error = RuntimeError("broken") if ending == "error" else None
        asyncio.run(scenario(scheduler, engine))


def test_emptied_waits_for_every_admitted_document() -> None:
    """A drain that waits for it goes on when the last document is answered, not before."""

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


def test_what_is_past_its_deadline_in_the_queue_is_never_computed() -> None:
    """The request fails at the deadline, though the engine is busy with another document."""

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


def test_a_deadline_that_passes_before_the_queue_is_reached_computes_nothing(clock: Clock) -> None:
    """Not even an idle engine starts what took too long to encode."""

    async def scenario(scheduler: Scheduler) -> None:
        with scheduler.admit([8], clock.now + 1) as permit:
            clock.now += 1.1
            with pytest.raises(DeadlinePassed):
                await scheduler.run(permit, [document(1)])

    with scheduling() as (scheduler, engine):
        engine.gate.set()
        asyncio.run(scenario(scheduler))
        scheduler.stop()
        assert engine.computed == []


def test_a_request_that_cannot_be_in_time_fails_at_once(clock: Clock) -> None:
    """It turned out to be longer than there is time for; the one behind it has enough."""

    async def scenario(scheduler: Scheduler, engine: GatedEngine) -> None:
        await takes(scheduler, engine, clock, 10)
        first = await queued(answer(scheduler, document(99), deadline=FAR))
        await engine.begins()
        # Whoever waits for the deadline itself waits longer than the test does.
        deadline = clock.now + 2 * FAR_S
        hopeless = await queued(answer(scheduler, *[document(2, 400)] * 2, deadline=deadline))
        behind = await queued(answer(scheduler, document(3), deadline=FAR))
        clock.now += 80
        engine.gate.set()
        with pytest.raises(DeadlinePassed):
            await asyncio.wait_for(hopeless, FAR_S)
        assert await behind == [3]
        assert await first == [99]

    with scheduling() as (scheduler, engine):
        asyncio.run(scenario(scheduler, engine))
        assert engine.computed == [1, 99, 3]


def test_documents_of_a_caller_that_left_are_dropped_and_the_others_answered() -> None:
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
    """Only the request of the failed pass fails, and nothing is logged later."""

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


class UnsteadyEngine(GatedEngine):
    """An engine that fails every fifth document, and lets other threads run."""

    def probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> NDArray[np.float32]:
        """Answer or fail; other threads may run in between."""
        time.sleep(0)
        answers = super().probabilities(encodings, exclusive=exclusive)
        if mark_of(encodings[0]) % 5 == 0:
            message = "the fifth"
            raise RuntimeError(message)
        return answers


@pytest.mark.parametrize("seed", range(5))
def test_every_request_ends_once_and_as_it_should(
    seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Cancelled, late, failed or answered, with a stop at the end: each request ends once."""
    rng = random.Random(seed)  # noqa: S311 (a scenario, not a secret)
    engine = UnsteadyEngine(lanes=3)
    scheduler = Scheduler(engine, 10_000, MAX_TOKENS)
    ended: Counter[str] = Counter()

    async def request(first: int) -> None:
        marks = range(first, first + rng.randint(1, 4))
        try:
            deadline = time.monotonic() + rng.choice([0.001, 0.01, AGES_S])
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
        for number in range(300):
            if number == 100:  # until then nobody is answered, so that some are cancelled
                engine.gate.set()
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
