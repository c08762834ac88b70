"""A challenger with a real process: killed, refused, drained, and no document is ever lost."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.bundle.opening import open_bundle
from guards.evidence.pair import ChallengerId, Missed
from guards.integrity.requirements import Requirements
from service.engines.torch import TorchEngine
from service.shadow.interface import ChallengerState
from service.shadow.local.challenger import LocalChallenger
from service.shadow.local.fork_server import ForkServer
from service.shadow.local.handshake import WorkerConfig
from tests.patience import AGES_S, PATIENCE_S
from tests.service.shadow.listening import RememberingListener
from tests.service.shadow.local.processes import Offers, gone, sent
from tests.service.shadow.samples import pending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from artifacts.tables import Table
    from guards.answer import Observation
    from guards.json_types import JsonObject

ID = ChallengerId("docs", "2")


def local_challenger(
    bundle: Path, max_waiting: int = 1000, preprocessing: str | None = None
) -> LocalChallenger:
    """Make a challenger that runs a bundle."""
    config = WorkerConfig(bundle, Requirements(), max_waiting, AGES_S, "torch", preprocessing)
    return LocalChallenger(ID, config, ForkServer())


def probabilities(observations: Sequence[Observation]) -> NDArray[np.float32]:
    """Return probabilities float32 [documents, classes]."""
    rows = [list(observation.answer.probabilities.values()) for observation in observations]
    return np.array(rows, dtype=np.float32)


@pytest.fixture
def offers(small_table: Table) -> Offers:
    """Return documents to offer."""
    return Offers(small_table)


@pytest.fixture
def listener() -> RememberingListener:
    """Return a listener."""
    return RememberingListener()


class Shared:
    """One challenger that answers, for tests that do not end it.

    The champion has another ``preprocessing``, so that it receives texts and columns.
    """

    def __init__(
        self, runner: asyncio.Runner, bundle: Path, offers: Offers, preprocessing: str
    ) -> None:
        self.runner = runner
        self.listener = RememberingListener()
        self.challenger = local_challenger(bundle, preprocessing=preprocessing)
        self.offers = offers

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.challenger.start(self.listener)
        await self.listener.until(lambda: bool(self.listener.references))

    def settle(self, request_ids: Sequence[str]) -> None:
        """Wait until documents have come back."""
        self.runner.run(self.listener.until_settled(request_ids))


@pytest.fixture(scope="module")
def shared(champion: Path, challenger: Path, small_table: Table) -> Iterator[Shared]:
    """Start a challenger once for this module; drained at the end."""
    preprocessing = open_bundle(champion).manifest.preprocessing.fingerprint
    with asyncio.Runner() as runner:
        shared = Shared(runner, challenger, Offers(small_table), preprocessing)
        runner.run(shared.start())
        yield shared
        runner.run(shared.challenger.drain(PATIENCE_S))


def test_status_of_a_challenger_that_answers(shared: Shared, challenger: Path) -> None:
    """The status names the bundle that was verified, its engine, priority and process."""
    status = shared.challenger.status()
    assert status.to_json() == {
        "state": "ready",
        "fingerprint": open_bundle(challenger).manifest.fingerprint,
        "engine": "torch",
        "priority": "idle",
        "restarts": 0,
        "pid": status.pid,
    }
    assert status.pid is not None
    assert not gone(status.pid)
    assert shared.listener.references == [open_bundle(challenger).reference]


def test_answers_are_those_of_the_bundle(shared: Shared, challenger: Path) -> None:
    """Each document comes back once, with the probabilities that the bundle has by itself.

    The ids and columns of the champion's encoding would mean nothing to it.
    """
    request_ids = shared.offers.to(shared.challenger.offer, 20)
    shared.settle(request_ids)
    assert shared.listener.missed(request_ids) == [None] * 20
    observations = shared.listener.observations(request_ids)
    expected = open_bundle(challenger).probe(shared.offers.rows(request_ids))
    np.testing.assert_allclose(probabilities(observations), expected.probabilities, atol=1e-6)
    for observation in observations:
        assert observation.infer_s > 0
        assert observation.cpu_s is not None
        assert observation.cpu_s > 0
        assert (observation.queue_s, observation.preprocess_s) == (None, None)
    assert shared.challenger.pending == 0


def test_one_bad_document_is_one_error(shared: Shared) -> None:
    """A document that fits neither schema nor wire is missed, and the process goes on."""
    pid = shared.challenger.status().pid
    deep: JsonObject = {}
    for _ in range(100_000):
        deep = {"deeper": deep}
    shared.challenger.offer(pending("misfit", features={"pages": "many"}))
    shared.challenger.offer(pending("deep", features=deep))
    request_ids = ["misfit", "deep", *shared.offers.to(shared.challenger.offer, 1)]
    shared.settle(request_ids)
    assert shared.listener.missed(request_ids) == [Missed.ERROR, Missed.ERROR, None]
    assert shared.challenger.status().pid == pid
    while deep:
        deep = deep["deeper"]


def test_a_signal_to_all_processes_does_not_end_it(shared: Shared) -> None:
    """A stop signals every process of a service at once; this one ends when its input does."""
    pid = shared.challenger.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGINT)
    request_ids = shared.offers.to(shared.challenger.offer, 3)
    shared.settle(request_ids)
    assert shared.listener.missed(request_ids) == [None] * 3
    assert shared.challenger.status().pid == pid


def test_every_thread_is_idle_once_the_process_has_answered(shared: Shared) -> None:
    """The lanes, and all threads of the engine, made before or since, are in the idle class."""
    request_ids = shared.offers.to(shared.challenger.offer, 5)
    shared.settle(request_ids)
    assert shared.listener.missed(request_ids) == [None] * 5
    pid = shared.challenger.status().pid
    threads = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    assert len(threads) > 1
    assert {os.sched_getscheduler(thread) for thread in threads} == {os.SCHED_IDLE}


def test_killed_with_documents_in_flight(shared: Shared) -> None:
    """Those in flight are missed, those that waited are compared after the restart."""

    async def scenario() -> list[str]:
        challenger, listener = shared.challenger, shared.listener
        pid = challenger.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        request_ids = shared.offers.to(challenger.offer, 20)
        await sent()
        os.kill(pid, signal.SIGKILL)
        await listener.until_settled(request_ids)
        assert gone(pid)
        assert challenger.status().pid != pid
        return request_ids

    missed = shared.listener.missed(shared.runner.run(scenario()))
    lost = missed.count(Missed.CHALLENGER_DOWN)
    assert 0 < lost < 20
    assert missed == [Missed.CHALLENGER_DOWN] * lost + [None] * (20 - lost)
    status = shared.challenger.status()
    assert (status.state, status.restarts) == (ChallengerState.READY, 1)
    assert shared.challenger.pending == 0


def test_drained_with_time_everything_is_compared(shared: Shared) -> None:
    """It finishes what waits, ends, and misses whatever is offered after that."""

    async def scenario() -> tuple[list[str], list[str]]:
        challenger = shared.challenger
        pid = challenger.status().pid
        assert pid is not None
        before = shared.offers.to(challenger.offer, 20)
        await challenger.drain(PATIENCE_S)
        assert (gone(pid), challenger.status().pid, challenger.pending) == (True, None, 0)
        return before, shared.offers.to(challenger.offer, 2)

    before, after = shared.runner.run(scenario())
    assert shared.listener.missed(before) == [None] * 20
    assert shared.listener.missed(after) == [Missed.SHUTDOWN] * 2


def test_drained_without_time_the_rest_is_missed(
    challenger: Path, listener: RememberingListener, offers: Offers
) -> None:
    """What waits while it starts is missed, and no process is left behind."""

    async def scenario() -> list[str]:
        starting = local_challenger(challenger)
        starting.start(listener)
        request_ids = offers.to(starting.offer, 5)
        pid = await spawned(starting)
        await starting.drain(0)
        assert (gone(pid), starting.status().pid, starting.pending) == (True, None, 0)
        return request_ids

    assert listener.missed(asyncio.run(scenario())) == [Missed.SHUTDOWN] * 5


async def spawned(challenger: LocalChallenger) -> int:
    """Wait until a process exists; there is no call of the listener for it."""
    for _ in range(1_000_000):
        if (pid := challenger.status().pid) is not None:
            return pid
        await asyncio.sleep(0)
    pytest.fail("no process")


def test_a_full_queue_misses_the_newest(
    challenger: Path, listener: RememberingListener, offers: Offers
) -> None:
    """Those that wait keep their place; there is no process yet."""

    async def scenario() -> None:
        waiting = local_challenger(challenger, max_waiting=3)
        waiting.start(listener)
        request_ids = offers.to(waiting.offer, 5)
        assert waiting.pending == 3
        assert listener.missed(request_ids[3:]) == [Missed.QUEUE_FULL] * 2
        await waiting.drain(0)
        assert listener.missed(request_ids[:3]) == [Missed.SHUTDOWN] * 3

    asyncio.run(scenario())


def test_a_challenger_of_the_champions_preprocessing_receives_the_encoding(
    challenger: Path, listener: RememberingListener, offers: Offers
) -> None:
    """Its answers are, to the bit, those of the bundle to the encoding, not to the text."""
    bundle = open_bundle(challenger)
    rows = offers.rows([str(number) for number in range(12)])
    canonical = bundle.preprocessing.canonical(rows)
    encodings = bundle.preprocessing.encode([row["text"] for row in rows], canonical)
    request_ids = [str(number) for number in range(12)]

    async def scenario() -> None:
        fingerprint = bundle.manifest.preprocessing.fingerprint
        alike = local_challenger(challenger, preprocessing=fingerprint)
        alike.start(listener)
        for request_id, encoding in zip(request_ids, encodings, strict=True):
            alike.offer(pending(request_id, "another text", {"pages": "misfit"}, encoding))
        await alike.drain(PATIENCE_S)

    asyncio.run(scenario())
    assert listener.missed(request_ids) == [None] * 12
    engine = TorchEngine(bundle)
    expected = [engine.probabilities([encoding])[0] for encoding in encodings]
    observed = probabilities(listener.observations(request_ids))
    np.testing.assert_array_equal(observed, expected)
