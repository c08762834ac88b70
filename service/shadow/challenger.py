"""A challenger as the service sees it: a queue, and a supervisor of the process that answers.

Whatever happens in there (it crashes, hangs, answers nonsense, is killed), every document that was
offered comes back through ``settle`` exactly once, and nothing is ever raised.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from guards.errors import Finding
from service.children import child_environment
from service.shadow.child import Child
from service.shadow.comparison import Missed, Observation
from service.shadow.conversation import Conversation, Offer
from service.shadow.terms import Hello

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from artifacts.preprocessing import Encoding
    from service.documents import Document
    from service.shadow.terms import Terms

__all__ = ["Challenger", "ChallengerEvents"]

_FIRST_BACKOFF_S = 1.0
_LONGEST_BACKOFF_S = 60.0
_HEALTHY_S = 60.0
"""A process that lived this long starts over with the shortest backoff."""

_START_S = 300.0
_EXIT_S = 5.0

_logger = logging.getLogger("bentoml.understudy")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ChallengerEvents:
    """What the service wants to be told; called on the event loop."""

    settle: Callable[[Challenger, object, Observation], None]
    greeted: Callable[[Challenger, Hello], None]
    refused: Callable[[Challenger, list[dict[str, str]]], None]


class Challenger:
    """Supervises one challenger's process; used from one event loop.

    ``state`` is ``starting``, ``ready``, ``down`` (until the next attempt) or ``refused``.
    """

    def __init__(self, key: str, bundle_path: Path, terms: Terms, events: ChallengerEvents) -> None:
        """Name it by ``key``, which is its bundle's name and version with a slash between."""
        self.key = key
        self.state = "starting"
        self.hello: Hello | None = None
        self.restarts = 0
        self.pid: int | None = None
        self._bundle_path = bundle_path
        self._terms = terms
        self._events = events
        self._waiting: deque[Offer] = deque()
        self._conversation: Conversation | None = None
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The name of its bundle."""
        return self.key.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version of its bundle."""
        return self.key.rpartition("/")[2]

    @property
    def pending(self) -> int:
        """How many documents wait or are in flight, and are neither answered nor given up."""
        in_flight = 0 if self._conversation is None else self._conversation.pending
        return len(self._waiting) + in_flight

    def start(self) -> None:
        """Start the process and keep it running."""
        self._supervisor = asyncio.create_task(self._supervise(), name=f"challenger {self.key}")

    def offer(self, ticket: object, document: Document, encoding: Encoding) -> None:
        """Queue a document; it comes back through ``settle`` with the same ticket.

        ``encoding`` is what the champion's preprocessing made of it.
        """
        if self.state == "refused":
            self._miss(ticket, Missed.CHALLENGER_DOWN)
        elif self._stopping.is_set():
            self._miss(ticket, Missed.SHUTDOWN)
        elif len(self._waiting) >= self._terms.most_waiting:
            self._miss(ticket, Missed.QUEUE_FULL)
        else:
            self._waiting.append(Offer(ticket, document, encoding))
            if self._conversation is not None:
                self._conversation.wake()

    async def drain(self, timeout_s: float) -> None:
        """Let it finish what waits, at most so long, and end the process; the rest is missed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.pending and self.state != "refused":
                    self._changed.clear()
                    await self._changed.wait()
        self._stopping.set()
        if self._supervisor is not None:
            await self._supervisor
        self._miss_waiting(Missed.SHUTDOWN)

    def _miss(self, ticket: object, reason: Missed) -> None:
        self._settle(ticket, Observation(answer=None, missed=reason))

    def _settle(self, ticket: object, observation: Observation) -> None:
        self._events.settle(self, ticket, observation)
        self._changed.set()

    def _miss_waiting(self, reason: Missed) -> None:
        while self._waiting:
            self._miss(self._waiting.popleft().ticket, reason)
        self._changed.set()

    async def _supervise(self) -> None:
        backoff_s = _FIRST_BACKOFF_S
        while True:
            started = time.monotonic()
            await self._run_once()
            if self._stopping.is_set() or self.state == "refused":
                break
            self.state = "down"
            if time.monotonic() - started > _HEALTHY_S:
                backoff_s = _FIRST_BACKOFF_S
            if await self._stops_within(backoff_s):
                break
            backoff_s = min(backoff_s * 2, _LONGEST_BACKOFF_S)
            self.restarts += 1
        if self.state == "refused":
            self._miss_waiting(Missed.CHALLENGER_DOWN)

    async def _stops_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    async def _run_once(self) -> None:
        """Start a process and serve it until it ends, hangs, or the service stops."""
        self.state = "starting"
        try:
            child = await self._spawn()
        except OSError:
            _logger.exception("challenger %s could not be started", self.key)
            return
        self.pid = child.pid
        patience_s = 0.0
        try:
            hello = await self._greet(child)
            if hello is not None:
                patience_s = _EXIT_S
                self._conversation = Conversation(
                    child, hello, self._terms, self._waiting, self._settle
                )
                await self._unless_stopping(self._conversation.run())
        except Exception:
            # The one place where whatever goes wrong in the shadow ends; the process starts again.
            _logger.exception("challenger %s is being restarted", self.key)
        finally:
            await child.end(patience_s)
            self.pid = None
            self._end_conversation()

    async def _spawn(self) -> Child:
        # In this process's own session: the kernel shares processors out by session first, and
        # only within one does the idle class give way.
        return await Child.spawn(
            *(sys.executable, "-m", "service.shadow.process"),
            *(str(self._bundle_path), self._orders()),
            env=child_environment(),
        )

    def _orders(self) -> str:
        terms = self._terms
        return json.dumps({"demands": terms.demands.to_json(), "engine": terms.engine})

    async def _greet(self, child: Child) -> Hello | None:
        """Wait for the hello; None when there is none, or a refusal instead."""
        first = await self._unless_stopping(child.first, _START_S)
        if first is None:
            return None
        if "refused" in first:
            self._refuse(first["refused"])
            return None
        hello = Hello.from_json(first["hello"])
        if self.hello is not None and hello.fingerprint != self.hello.fingerprint:
            self._refuse([_replaced(self.key, self.hello, hello).to_json()])
            return None
        self.hello = hello
        self.state = "ready"
        self._events.greeted(self, hello)
        return hello

    def _refuse(self, findings: list[dict[str, str]]) -> None:
        self.state = "refused"
        self._events.refused(self, findings)

    async def _unless_stopping(
        self, doing: Awaitable[_T], timeout_s: float | None = None
    ) -> _T | None:
        """Give what it gives; None when it takes too long, or the service stops."""
        task = asyncio.ensure_future(doing)
        stop = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({task, stop}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.wait({task})
        return None

    def _end_conversation(self) -> None:
        if self._conversation is not None:
            stopping = self._stopping.is_set()
            self._conversation.end(Missed.SHUTDOWN if stopping else Missed.CHALLENGER_DOWN)
            self._conversation = None


def _replaced(key: str, before: Hello, now: Hello) -> Finding:
    return Finding(
        code="bundle_replaced",
        subject=f"challenger {key}",
        expected=before.fingerprint,
        observed=now.fingerprint,
        remedy="seal every version in a directory of its own, and restart the service to serve it",
    )
