"""Documents sent to a real process of two lanes, some of which hang."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guards.drift.reference import Reference
from guards.evidence.pair import Missed
from guards.integrity.requirements import Requirements
from service.shadow.local.child_process import ChildProcess
from service.shadow.local.handshake import WorkerConfig, WorkerInfo
from service.shadow.local.session import Session
from service.shadow.queue import MemoryQueue
from tests.clock import Clock
from tests.patience import AGES_S, PATIENCE_S
from tests.service.shadow.local.processes import script_process, sent
from tests.service.shadow.samples import LABELS, encoding, pending

if TYPE_CHECKING:
    from guards.evidence.pair import Outcome
    from service.shadow.interface import PendingComparison

GOOD, HANGS = 0, 1

WORKER = """
import sys, threading
import numpy as np
from service.shadow.local import wire
from service.shadow.local.worker import Worker

class Engine:
    def probabilities(self, encodings):
        if encodings[0].token_ids[0, 0] == 1:
            threading.Event().wait()
        return np.array([[0.75, 0.25]], dtype=np.float32)

sys.stdout.buffer.write(wire.encode({}))
sys.stdout.buffer.flush()
Worker(None, Engine(), sys.stdin.buffer, sys.stdout.buffer).answer_until_the_end(2)
"""


class CountedProcess(ChildProcess):
    """A process, and how often it was written to."""

    writes = 0

    def write(self, data: bytes) -> None:
        """Count one more."""
        self.writes += 1
        super().write(data)


class Conversation:
    """A session with a real process, and every document that came back."""

    def __init__(self, child: CountedProcess, timeout_s: float = AGES_S) -> None:
        self.child = child
        self.outcomes: defaultdict[int, list[Outcome]] = defaultdict(list)
        self.queue = MemoryQueue(1000)
        self.changed = asyncio.Event()
        self.offered = 0
        info = WorkerInfo(
            *("docs", "2", "sha256:root", "sha256:preprocessing"),
            labels=LABELS,
            engine="torch",
            lanes=2,
            priority="idle",
            reference=Reference({}, 0, {}),
        )
        config = WorkerConfig(
            Path("docs/2"), Requirements(), 1000, timeout_s, preprocessing="sha256:preprocessing"
        )
        self.session = Session(child, info, config, self.queue, self._settle)

    def offer(self, kind: int = GOOD, documents: int = 1) -> None:
        """Offer documents of a kind; their request ids count up."""
        for _ in range(documents):
            self.queue.put(pending(str(self.offered), encoded=encoding(kind)))
            self.offered += 1
            self.session.wake()

    async def until_settled(self, documents: int) -> None:
        """Wait until so many have come back."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.outcomes) < documents:
                self.changed.clear()
                await self.changed.wait()

    def missed(self) -> list[Missed | None]:
        """Return why each was missed; every one must have come back exactly once."""
        assert all(len(outcomes) == 1 for outcomes in self.outcomes.values())
        outcomes = [self.outcomes[number][0] for number in sorted(self.outcomes)]
        return [outcome if isinstance(outcome, Missed) else None for outcome in outcomes]

    def _settle(self, pending: PendingComparison, outcome: Outcome) -> None:
        self.outcomes[int(pending.document.request_id)].append(outcome)
        self.changed.set()


async def converse(timeout_s: float = AGES_S) -> Conversation:
    """Start a process, and a session with it."""
    child = await CountedProcess.connect(script_process(WORKER))
    assert isinstance(child, CountedProcess)
    assert await child.first == {}
    return Conversation(child, timeout_s)


def test_one_lane_that_hangs_is_noticed_although_the_other_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process is killed although answers come, and each document comes back once."""
    clock = Clock()
    monkeypatch.setattr("service.shadow.local.session.time", clock)
    monkeypatch.setattr("service.shadow.local.session._WATCH_S", 0.01)

    async def scenario() -> Conversation:
        conversation = await converse(timeout_s=20.0)
        running = asyncio.create_task(conversation.session.run())
        conversation.offer(HANGS)
        answered = 0
        async with asyncio.timeout(PATIENCE_S):
            while not running.done():
                conversation.offer()
                answered += 1
                await asyncio.wait(
                    {running, asyncio.create_task(conversation.until_settled(answered))},
                    return_when=asyncio.FIRST_COMPLETED,
                )
                clock.now += 1  # no document ages but the one that hangs
        await running
        await conversation.child.end(PATIENCE_S)
        conversation.session.end(Missed.CHALLENGER_DOWN)
        assert conversation.session.pending == 0
        return conversation

    conversation = asyncio.run(scenario())
    missed = conversation.missed()
    assert len(missed) + len(conversation.queue) == conversation.offered
    assert missed[0] is Missed.TIMEOUT
    assert missed.count(None) > 10
    assert set(missed[1:]) <= {None, Missed.CHALLENGER_DOWN}


@pytest.mark.parametrize("hanging", [1, 2])
def test_when_the_process_ends_its_documents_come_back_with_the_reason(hanging: int) -> None:
    """With one lane hanging the other answers the rest; with both, no document is answered."""

    async def scenario() -> Conversation:
        conversation = await converse()
        running = asyncio.create_task(conversation.session.run())
        conversation.offer(HANGS, hanging)
        conversation.offer(GOOD, 3)
        if hanging == 1:
            await conversation.until_settled(3)
        else:
            await sent()
        assert conversation.session.pending == (1 if hanging == 1 else 5)
        conversation.child.kill()
        async with asyncio.timeout(PATIENCE_S):
            await running
        conversation.session.end(Missed.SHUTDOWN)
        await conversation.child.end(PATIENCE_S)
        return conversation

    missed = asyncio.run(scenario()).missed()
    assert missed == [Missed.SHUTDOWN] * hanging + [Missed.SHUTDOWN if hanging == 2 else None] * 3


def test_documents_offered_together_are_sent_together() -> None:
    """One write for several documents, at most eight of which are ahead of their answers."""

    async def scenario() -> None:
        conversation = await converse()
        running = asyncio.create_task(conversation.session.run())
        conversation.offer(HANGS, 30)
        await sent()
        assert (conversation.child.writes, conversation.session.pending) == (1, 8)
        assert len(conversation.queue) == 22
        conversation.child.kill()
        await running
        await conversation.child.end(PATIENCE_S)

    asyncio.run(scenario())


def test_what_is_offered_after_the_end_waits_for_the_next_process() -> None:
    """A process that has ended is sent nothing."""

    async def scenario() -> None:
        conversation = await converse()
        running = asyncio.create_task(conversation.session.run())
        conversation.offer(GOOD, 2)
        await conversation.until_settled(2)
        conversation.child.kill()
        await running
        conversation.offer(GOOD, 3)
        await sent()
        assert (len(conversation.queue), conversation.session.pending) == (3, 0)
        await conversation.child.end(PATIENCE_S)

    asyncio.run(scenario())
