"""A supervised process: what it runs, at which priority, and what ends it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from typing import TYPE_CHECKING

from artifacts.bundle.opening import open_bundle
from guards.evidence.pair import Missed
from guards.integrity.requirements import Requirements
from service.shadow.interface import ChallengerState
from service.shadow.local.fork_server import ForkServer
from service.shadow.local.handshake import WorkerConfig, WorkerInfo
from service.shadow.local.supervisor import Supervisor
from service.shadow.queue import MemoryQueue
from tests.patience import AGES_S, PATIENCE_S
from tests.service.shadow.local.processes import Offers, gone, sent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from artifacts.tables import Table
    from guards.errors import Finding
    from guards.evidence.pair import Outcome
    from service.shadow.interface import PendingComparison


class Supervised:
    """The owner of a supervised process, which remembers every call."""

    def __init__(
        self,
        bundle: Path,
        offers: Offers,
        timeout_s: float = AGES_S,
        judged: str | None = None,
    ) -> None:
        requirements = Requirements(judged=judged)
        config = WorkerConfig(bundle, requirements, 1000, timeout_s, "torch")
        self.queue = MemoryQueue(1000)
        self.supervisor = Supervisor("docs/2", config, ForkServer(), self.queue, self)
        self.offers = offers
        self.outcomes: dict[str, Outcome] = {}
        self.infos: list[WorkerInfo] = []
        self.findings: list[Finding] = []
        self._changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def settle(self, pending: PendingComparison, outcome: Outcome) -> None:
        """Remember an outcome, of which there must be one for each document."""
        assert pending.document.request_id not in self.outcomes
        self.outcomes[pending.document.request_id] = outcome
        self._changed.set()

    def announce(self, info: WorkerInfo) -> None:
        """Remember a handshake."""
        self.infos.append(info)
        self._changed.set()

    def refuse(self, findings: Sequence[Finding]) -> None:
        """Remember findings."""
        self.findings += findings
        self._changed.set()

    async def start(self) -> int:
        """Start the supervision, and return the id of the process once it can answer."""
        self._running = asyncio.create_task(self.supervisor.run())
        await self.until(lambda: bool(self.infos))
        assert self.supervisor.pid is not None
        return self.supervisor.pid

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait until something is true after a call of the supervisor."""
        async with asyncio.timeout(PATIENCE_S):
            while not happened():
                self._changed.clear()
                await self._changed.wait()

    def offer(self, documents: int) -> list[str]:
        """Queue documents, and return their request ids."""
        request_ids = self.offers.to(self.queue.put, documents)
        self.supervisor.wake()
        return request_ids

    def missed(self, request_ids: Sequence[str]) -> list[Missed | None]:
        """Return why documents were missed."""
        outcomes = [self.outcomes[request_id] for request_id in request_ids]
        return [outcome if isinstance(outcome, Missed) else None for outcome in outcomes]

    async def stop(self) -> None:
        """End the supervision."""
        self.supervisor.stopping.set()
        assert self._running is not None
        await asyncio.wait_for(self._running, PATIENCE_S)


def test_a_bundle_that_was_replaced_is_refused(
    copied: Callable[[Path], Path], challenger: Path, champion: Path, small_table: Table
) -> None:
    """A stopped process is killed after the timeout; the next one runs another bundle.

    The first one has said what it runs: the bundle that was verified, in the idle class.
    """
    bundle = copied(challenger)
    judged = open_bundle(challenger).manifest.fingerprint
    supervised = Supervised(bundle, Offers(small_table), timeout_s=1.0, judged=judged)

    async def scenario() -> list[str]:
        pid = await supervised.start()
        os.kill(pid, signal.SIGSTOP)
        request_ids = supervised.offer(10)
        await sent()
        sent_ids = request_ids[: 10 - len(supervised.queue)]
        shutil.rmtree(bundle)
        shutil.copytree(champion, bundle)
        await supervised.until(lambda: bool(supervised.findings))
        assert gone(pid)
        await supervised.stop()
        return sent_ids

    sent_ids = asyncio.run(scenario())
    sealed = open_bundle(challenger)
    (info,) = supervised.infos
    assert (info.name, info.version) == ("docs", "2")
    assert info.fingerprint == judged
    assert (info.labels, info.engine, info.priority) == (sealed.labels, "torch", "idle")
    assert info.preprocessing == sealed.manifest.preprocessing.fingerprint
    assert info.lanes >= 1
    assert info.reference == sealed.reference
    assert 0 < len(sent_ids) < 10
    assert supervised.missed(sent_ids) == [Missed.TIMEOUT] * len(sent_ids)
    assert len(supervised.outcomes) + len(supervised.queue) == 10
    supervisor = supervised.supervisor
    assert (supervisor.state, supervisor.restarts) == (ChallengerState.REFUSED, 1)
    (finding,) = supervised.findings
    assert finding.code == "bundle_replaced"
    assert judged in finding.expected
    assert finding.observed == open_bundle(champion).manifest.fingerprint
