"""What every challenger promises, wherever it runs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pytest

from artifacts.bundle.opening import open_bundle
from guards.errors import Finding
from guards.evidence.pair import ChallengerId, Missed
from guards.integrity.requirements import Requirements
from service.shadow.interface import ChallengerState
from service.shadow.local.challenger import LocalChallenger
from service.shadow.local.fork_server import Forked, ForkServer
from service.shadow.local.handshake import WorkerConfig
from tests.patience import AGES_S, PATIENCE_S
from tests.service.shadow.listening import RememberingListener
from tests.service.shadow.local.processes import script_process
from tests.service.shadow.samples import observation, pending
from tests.service.shadow.scripted import ScriptedChallenger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.shadow.interface import Challenger, Listener

ID = ChallengerId("docs", "2", 3)


class Kind(Protocol):
    """Makes challengers of one kind."""

    def healthy(self) -> Challenger:
        """Make a challenger that answers."""

    def slow(self) -> Challenger:
        """Make a challenger that does not answer."""

    def refused(self) -> Challenger:
        """Make a challenger whose bundle the guard refuses soon after the start."""


def local_challenger(bundle: Path, capacity: int) -> Challenger:
    """Make a challenger that runs a bundle in a process of its own."""
    config = WorkerConfig(bundle, Requirements(), capacity, AGES_S, "torch")
    return LocalChallenger(ID, config, ForkServer())


def scripted_challenger(bundle: Path, capacity: int) -> Challenger:
    """Make a challenger in the memory of a test, which answers every document alike."""
    reference = open_bundle(bundle).reference
    return ScriptedChallenger(ID, capacity, lambda _: observation(), reference)


HEALTHY = {"local": local_challenger, "scripted": scripted_challenger}


class LocalKind:
    """Challengers in processes of their own."""

    def __init__(self, bundle: Path, damaged: Path, patch: pytest.MonkeyPatch) -> None:
        self._bundle, self._damaged, self._patch = bundle, damaged, patch

    def healthy(self) -> Challenger:
        """Make a challenger that runs a good bundle."""
        return local_challenger(self._bundle, 1000)

    def slow(self) -> Challenger:
        """Make a challenger whose process reads what it is sent, and says nothing."""

        async def fork(_: ForkServer) -> Forked:
            return script_process("import sys; sys.stdin.read()")

        self._patch.setattr(ForkServer, "fork", fork)
        return self.healthy()

    def refused(self) -> Challenger:
        """Make a challenger that runs a damaged bundle."""
        return local_challenger(self._damaged, 1000)


class RefusedSoon(ScriptedChallenger):
    """A scripted challenger that is refused on the next turn of the event loop."""

    def start(self, listener: Listener) -> None:
        """Start, and be refused soon."""
        super().start(listener)
        finding = Finding("root_changed", "manifest.json", "a", "b", "seal it again")
        asyncio.get_running_loop().call_soon(self.refuse, [finding])


class ScriptedKind:
    """Challengers in the memory of a test."""

    def __init__(self, bundle: Path) -> None:
        self._bundle = bundle

    def healthy(self) -> Challenger:
        """Make a challenger that answers every document alike."""
        return scripted_challenger(self._bundle, 1000)

    def slow(self) -> Challenger:
        """Make a challenger that never answers."""
        return ScriptedChallenger(ID)

    def refused(self) -> Challenger:
        """Make a challenger that is refused."""
        return RefusedSoon(ID)


@pytest.fixture(params=HEALTHY)
def kind(
    request: pytest.FixtureRequest,
    challenger: Path,
    copied: Callable[[Path], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Kind:
    """Return each kind of challenger."""
    if request.param == "scripted":
        return ScriptedKind(challenger)
    damaged = copied(challenger)
    weights = damaged / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    return LocalKind(challenger, damaged, monkeypatch)


@pytest.fixture
def listener() -> RememberingListener:
    """Return a listener."""
    return RememberingListener()


def offer(challenger: Challenger, *request_ids: str) -> list[str]:
    """Offer documents, and return their request ids."""
    features = {"pages": 3, "amount": 1, "court": "NDCA", "sender": "a"}
    for request_id in request_ids:
        challenger.offer(pending(request_id, features=features))
    return list(request_ids)


@dataclass
class Answered:
    """What a listener heard of a challenger from its start to its drain.

    ``first`` and ``second`` were accepted, ``beyond`` came when its queue was full, and ``late``
    after its drain. ``pending`` has the documents that waited after each step.
    """

    listener: RememberingListener
    first: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    rejected: list[Missed | None] = field(default_factory=list)
    second: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)


@pytest.fixture(scope="module", params=HEALTHY)
def answered(request: pytest.FixtureRequest, challenger: Path) -> Answered:
    """Run a challenger of each kind once, from its start to its drain."""

    async def scenario() -> Answered:
        listener = RememberingListener()
        run = Answered(listener)
        healthy = HEALTHY[request.param](challenger, 20)
        assert healthy.id == ID
        healthy.start(listener)
        run.first = offer(healthy, *map(str, range(20)))
        run.beyond = offer(healthy, "20", "21")
        run.rejected = listener.missed(run.beyond)
        run.pending.append(healthy.pending)
        await listener.until_settled(run.first[:1])
        run.pending.append(healthy.pending)
        await listener.until_settled(run.first)
        run.second = offer(healthy, *map(str, range(30, 40)))
        await healthy.drain(PATIENCE_S)
        run.pending.append(healthy.pending)
        run.late = offer(healthy, "late", "later")
        run.pending.append(healthy.pending)
        return run

    return asyncio.run(scenario())


def test_every_document_comes_back_once_with_an_answer(answered: Answered) -> None:
    """Drained with time enough, none is missed, and after the drain none is accepted."""
    waiting, during, drained, after = answered.pending
    assert (waiting, drained, after) == (20, 0, 0)
    assert during < 20
    assert answered.listener.missed(answered.first + answered.second) == [None] * 30
    assert answered.listener.missed(answered.late) == [Missed.SHUTDOWN] * 2
    assert len(answered.listener.outcomes) == 34


def test_the_reference_is_announced_before_the_first_answer(answered: Answered) -> None:
    """Whoever counts answers knows by then what to compare them with."""
    assert answered.listener.calls.index("announced") <= len(answered.beyond)
    assert len(answered.listener.references) == 1


def test_every_call_names_the_challenger(answered: Answered) -> None:
    """Its id is the one that it was given, whatever bundle it runs."""
    assert answered.listener.ids == {ID}


def test_documents_beyond_the_capacity_come_back_as_queue_full(answered: Answered) -> None:
    """The newest do, at once; the others keep their place and are answered."""
    assert answered.rejected == [Missed.QUEUE_FULL] * 2
    assert answered.listener.missed(answered.beyond) == [Missed.QUEUE_FULL] * 2


def test_a_refused_challenger_misses_every_document(
    kind: Kind, listener: RememberingListener
) -> None:
    """Those that waited and those that come later; the findings come once."""

    async def scenario() -> list[str]:
        challenger = kind.refused()
        challenger.start(listener)
        before = offer(challenger, "1", "2", "3")
        await listener.until_settled(before)
        status = challenger.status()
        assert (status.state, status.restarts) == (ChallengerState.REFUSED, 0)
        assert status.fingerprint is None
        after = offer(challenger, "4", "5")
        assert challenger.pending == 0
        await challenger.drain(PATIENCE_S)
        return before + after

    assert listener.missed(asyncio.run(scenario())) == [Missed.CHALLENGER_DOWN] * 5
    assert listener.calls.count("refused") == 1
    assert listener.findings


@pytest.mark.parametrize("timeout_s", [0, 0.2])
def test_a_drain_without_enough_time_misses_the_rest(
    kind: Kind, listener: RememberingListener, timeout_s: float
) -> None:
    """It returns after its timeout, and every document has come back by then."""

    async def scenario() -> list[str]:
        challenger = kind.slow()
        challenger.start(listener)
        request_ids = offer(challenger, *map(str, range(10)))
        started = time.monotonic()
        await challenger.drain(timeout_s)
        assert time.monotonic() - started >= timeout_s
        assert challenger.pending == 0
        return request_ids

    assert listener.missed(asyncio.run(scenario())) == [Missed.SHUTDOWN] * 10


def test_a_drain_without_documents_returns_at_once(
    kind: Kind, listener: RememberingListener
) -> None:
    """There is nothing to wait for, though it might wait for days."""

    async def scenario() -> None:
        challenger = kind.healthy()
        challenger.start(listener)
        await challenger.drain(AGES_S)

    asyncio.run(scenario())
    assert listener.calls in ([], ["announced"])


def test_the_status_has_the_same_fields(kind: Kind, listener: RememberingListener) -> None:
    """What is not known is None."""

    async def scenario() -> None:
        challenger = kind.healthy()
        challenger.start(listener)
        status = challenger.status().to_json()
        assert set(status) == {"state", "fingerprint", "engine", "priority", "restarts", "pid"}
        assert status["state"] in [state.value for state in ChallengerState]
        await challenger.drain(0)

    asyncio.run(scenario())
