"""What every challenger promises, wherever it runs."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

import pytest

from artifacts.bundle.opening import open_bundle
from guards.errors import Finding
from guards.evidence.pair import ChallengerId, Missed
from guards.integrity.requirements import Requirements
from service.shadow.interface import ChallengerState
from service.shadow.local.challenger import LocalChallenger
from service.shadow.local.handshake import WorkerConfig
from tests.patience import AGES_S, PATIENCE_S
from tests.service.shadow.listening import RememberingListener
from tests.service.shadow.samples import observation, pending
from tests.service.shadow.scripted import ScriptedChallenger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.shadow.interface import Challenger, Listener

ID = ChallengerId("docs", "2", 3)


class Kind(Protocol):
    """Makes challengers of one kind."""

    def healthy(self, capacity: int = 1000) -> Challenger:
        """Make a challenger that answers."""

    def slow(self) -> Challenger:
        """Make a challenger that does not answer."""

    def refused(self) -> Challenger:
        """Make a challenger whose bundle the guard refuses soon after the start."""


class LocalKind:
    """Challengers in processes of their own."""

    def __init__(self, bundle: Path, damaged: Path, patch: pytest.MonkeyPatch) -> None:
        self._bundle, self._damaged, self._patch = bundle, damaged, patch

    def healthy(self, capacity: int = 1000) -> Challenger:
        """Make a challenger that runs a good bundle."""
        return LocalChallenger(
            ID, self._bundle, WorkerConfig(Requirements(), capacity, AGES_S, "torch")
        )

    def slow(self) -> Challenger:
        """Make a challenger whose process reads what it is sent, and says nothing."""
        silent = self._damaged.parent / "silent"
        silent.write_text("#!/bin/sh\nexec cat > /dev/null\n")
        silent.chmod(0o700)
        self._patch.setattr(
            "service.shadow.local.supervisor.child_command", lambda *_: [str(silent)]
        )
        return self.healthy()

    def refused(self) -> Challenger:
        """Make a challenger that runs a damaged bundle."""
        return LocalChallenger(
            ID, self._damaged, WorkerConfig(Requirements(), 1000, AGES_S, "torch")
        )


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
        self._reference = open_bundle(bundle).reference

    def healthy(self, capacity: int = 1000) -> Challenger:
        """Make a challenger that answers every document alike."""
        return ScriptedChallenger(ID, capacity, lambda _: observation(), self._reference)

    def slow(self) -> Challenger:
        """Make a challenger that never answers."""
        return ScriptedChallenger(ID)

    def refused(self) -> Challenger:
        """Make a challenger that is refused."""
        return RefusedSoon(ID)


@pytest.fixture(params=["local", "scripted"])
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
    (damaged / "manifest.json").write_text("{}")
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


def test_every_document_comes_back_once_with_an_answer(
    kind: Kind, listener: RememberingListener
) -> None:
    """Drained with time enough, none is missed, and after the drain none is accepted."""

    async def scenario() -> None:
        challenger = kind.healthy()
        challenger.start(listener)
        first = offer(challenger, *map(str, range(20)))
        assert challenger.pending == 20
        await listener.until_settled(first[:1])
        assert challenger.pending < 20
        second = offer(challenger, *map(str, range(20, 30)))
        await challenger.drain(PATIENCE_S)
        assert challenger.pending == 0
        assert listener.missed(first + second) == [None] * 30
        late = offer(challenger, "late", "later")
        assert listener.missed(late) == [Missed.SHUTDOWN] * 2
        assert challenger.pending == 0

    asyncio.run(scenario())
    assert len(listener.outcomes) == 32


def test_the_reference_is_announced_before_the_first_answer(
    kind: Kind, listener: RememberingListener
) -> None:
    """Whoever counts answers knows by then what to compare them with."""

    async def scenario() -> None:
        challenger = kind.healthy()
        challenger.start(listener)
        offer(challenger, "a")
        await challenger.drain(PATIENCE_S)

    asyncio.run(scenario())
    assert listener.calls == ["announced", "settled"]
    assert len(listener.references) == 1


def test_every_call_names_the_challenger(kind: Kind, listener: RememberingListener) -> None:
    """Its id is the one that it was given, whatever bundle it runs."""

    async def scenario() -> None:
        challenger = kind.healthy()
        assert challenger.id == ID
        challenger.start(listener)
        offer(challenger, "a")
        await challenger.drain(PATIENCE_S)

    asyncio.run(scenario())
    assert listener.ids == {ID}


def test_documents_beyond_the_capacity_come_back_as_queue_full(
    kind: Kind, listener: RememberingListener
) -> None:
    """The newest do, at once; the others keep their place and are answered."""

    async def scenario() -> tuple[list[str], list[str]]:
        challenger = kind.healthy(capacity=3)
        challenger.start(listener)
        accepted = offer(challenger, "1", "2", "3")
        rejected = offer(challenger, "4", "5")
        assert challenger.pending == 3
        assert listener.missed(rejected) == [Missed.QUEUE_FULL] * 2
        await challenger.drain(PATIENCE_S)
        return accepted, rejected

    accepted, rejected = asyncio.run(scenario())
    assert listener.missed(accepted) == [None] * 3
    assert listener.missed(rejected) == [Missed.QUEUE_FULL] * 2


def test_a_refused_challenger_misses_every_document(
    kind: Kind, listener: RememberingListener
) -> None:
    """Those that waited and those that come later; the findings come once."""

    async def scenario() -> list[str]:
        challenger = kind.refused()
        challenger.start(listener)
        before = offer(challenger, "1", "2", "3")
        await listener.until_settled(before)
        assert challenger.status().state is ChallengerState.REFUSED
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
