"""Documents handed over to a real process of two lanes, some of which hang."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import defaultdict, deque
from pathlib import Path

import numpy as np
import pytest

from artifacts.preprocessing import Encoding
from guards.drift.reference import Reference
from guards.integrity import Demands
from guards.schema import CanonicalRow
from service.documents import Document
from service.shadow.child import Child
from service.shadow.comparison import Missed, Observation
from service.shadow.conversation import Conversation, Offer
from service.shadow.terms import Hello, Terms

REPOSITORY = Path(__file__).parents[3]
PATIENCE_S = 60.0
GOOD, HANGS = 0, 1

DESK = """
import sys, threading
import numpy as np
from service.shadow import frames
from service.shadow.desk import Desk

class Engine:
    def probabilities(self, encodings):
        if encodings[0].token_ids[0, 0] == 1:
            threading.Event().wait()
        return np.array([[0.75, 0.25]], dtype=np.float32)

sys.stdout.buffer.write(frames.encode({}))
sys.stdout.buffer.flush()
Desk(None, Engine(), sys.stdin.buffer, sys.stdout.buffer).answer_until_the_end(2)
"""


class Counting(Child):
    """A process, and how often it was written to."""

    tellings = 0

    def tell(self, data: bytes) -> None:
        """Count one more."""
        self.tellings += 1
        super().tell(data)


class Talk:
    """A conversation with a real process, and every document that came back."""

    def __init__(self, child: Counting, timeout_s: float = 60.0) -> None:
        self.child = child
        self.observations: defaultdict[int, list[Observation]] = defaultdict(list)
        self.waiting: deque[Offer] = deque()
        self.changed = asyncio.Event()
        self.offered = 0
        hello = Hello(
            *("docs", "2", "sha256:root", "sha256:preprocessing"),
            labels=("contract", "letter"),
            engine="torch",
            lanes=2,
            priority="idle",
            reference=Reference({}, 0, {}),
        )
        terms = Terms(Demands(), 1000, timeout_s, preprocessing="sha256:preprocessing")
        self.conversation = Conversation(child, hello, terms, self.waiting, self._settle)

    def offer(self, kind: int = GOOD, documents: int = 1) -> None:
        """Offer documents of a kind; their tickets count up."""
        for _ in range(documents):
            encoding = Encoding(
                np.full((1, 3), kind, dtype=np.int64),
                np.zeros(2),
                CanonicalRow((), ()),
                unknown_tokens=0,
                truncated=False,
            )
            document = Document("a", None, "a text", {}, CanonicalRow((), ()))
            self.waiting.append(Offer(self.offered, document, encoding))
            self.offered += 1
            self.conversation.wake()

    async def until_settled(self, documents: int) -> None:
        """Wait until so many have come back."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.observations) < documents:
                self.changed.clear()
                await self.changed.wait()

    def missed(self) -> list[Missed | None]:
        """Give why each was missed; every one must have come back exactly once."""
        assert all(len(found) == 1 for found in self.observations.values())
        return [self.observations[ticket][0].missed for ticket in sorted(self.observations)]

    def _settle(self, ticket: object, observation: Observation) -> None:
        assert isinstance(ticket, int)
        self.observations[ticket].append(observation)
        self.changed.set()


async def talk(timeout_s: float = 60.0) -> Talk:
    """Start a process and begin to talk."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    child = await Counting.spawn(sys.executable, "-c", DESK, env=environment)
    assert isinstance(child, Counting)
    assert await child.first == {}
    return Talk(child, timeout_s)


def test_one_lane_that_hangs_is_noticed_although_the_other_goes_on() -> None:
    """It is killed although answers come all the while, and each document comes back once."""

    async def scenario() -> Talk:
        talking = await talk(timeout_s=0.5)
        running = asyncio.create_task(talking.conversation.run())
        talking.offer(HANGS)
        answered = 0
        async with asyncio.timeout(PATIENCE_S):
            while not running.done():
                talking.offer()
                answered += 1
                await asyncio.wait(
                    {running, asyncio.create_task(talking.until_settled(answered))},
                    return_when=asyncio.FIRST_COMPLETED,
                )
        await running
        await talking.child.end(PATIENCE_S)
        talking.conversation.end(Missed.CHALLENGER_DOWN)
        assert talking.conversation.pending == 0
        return talking

    talking = asyncio.run(scenario())
    missed = talking.missed()
    assert len(missed) + len(talking.waiting) == talking.offered
    assert missed[0] is Missed.TIMEOUT
    assert missed.count(None) > 10
    assert set(missed[1:]) <= {None, Missed.CHALLENGER_DOWN}


@pytest.mark.parametrize("hanging", [1, 2])
def test_when_it_ends_what_is_in_flight_comes_back_with_the_reason(hanging: int) -> None:
    """With one lane hanging the other answers the rest; with both, nobody does."""

    async def scenario() -> Talk:
        talking = await talk()
        running = asyncio.create_task(talking.conversation.run())
        talking.offer(HANGS, hanging)
        talking.offer(GOOD, 3)
        if hanging == 1:
            await talking.until_settled(3)
        else:
            for _ in range(10):
                await asyncio.sleep(0)
        assert talking.conversation.pending == (1 if hanging == 1 else 5)
        talking.child.kill()
        async with asyncio.timeout(PATIENCE_S):
            await running
        talking.conversation.end(Missed.SHUTDOWN)
        await talking.child.end(PATIENCE_S)
        return talking

    missed = asyncio.run(scenario()).missed()
    assert missed == [Missed.SHUTDOWN] * hanging + [Missed.SHUTDOWN if hanging == 2 else None] * 3


def test_documents_offered_together_are_handed_over_together() -> None:
    """Each time the process is written to, it is woken; eight at most are ahead of answers."""

    async def scenario() -> None:
        talking = await talk()
        running = asyncio.create_task(talking.conversation.run())
        talking.offer(HANGS, 30)
        for _ in range(10):
            await asyncio.sleep(0)
        assert (talking.child.tellings, talking.conversation.pending) == (1, 8)
        assert len(talking.waiting) == 22
        talking.child.kill()
        await running
        await talking.child.end(PATIENCE_S)

    asyncio.run(scenario())


def test_what_is_offered_after_the_end_waits_for_the_next_process() -> None:
    """A process that is gone is handed nothing."""

    async def scenario() -> None:
        talking = await talk()
        running = asyncio.create_task(talking.conversation.run())
        talking.offer(GOOD, 2)
        await talking.until_settled(2)
        talking.child.kill()
        await running
        talking.offer(GOOD, 3)
        for _ in range(10):
            await asyncio.sleep(0)
        assert (len(talking.waiting), talking.conversation.pending) == (3, 0)
        await talking.child.end(PATIENCE_S)

    asyncio.run(scenario())
