"""A challenger's process as the service sees it: a queue, a few documents in flight, a supervisor.

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
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.drift.features import Answer
from guards.drift.reference import Reference
from guards.errors import Finding
from service.children import child_environment
from service.shadow import frames
from service.shadow.comparison import Missed, Observation
from service.shadow.priority import processor_use

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path

    from guards.integrity.demands import Demands
    from service.documents import Document

__all__ = ["Challenger", "ChallengerEvents", "Hello", "Terms"]

_IN_FLIGHT = 4
"""Documents handed over ahead of their answers: enough that the pipe is never the wait."""

_WATCH_S = 0.5
_FIRST_BACKOFF_S = 1.0
_LONGEST_BACKOFF_S = 60.0
_HEALTHY_S = 60.0
"""A process that lived this long starts over with the shortest backoff."""

_START_S = 300.0
_EXIT_S = 5.0

_logger = logging.getLogger("bentoml.understudy")


@dataclass(frozen=True, slots=True)
class Hello:
    """What a challenger's process says of the bundle it has verified."""

    name: str
    version: str
    fingerprint: str
    labels: tuple[str, ...]
    engine: str
    priority: str
    reference: Reference

    @classmethod
    def parse(cls, message: Mapping[str, Any]) -> Hello:
        """Read the message; raises ``KeyError``, ``TypeError`` or ``ValueError`` for another."""
        fields = dict(message)
        reference = Reference.from_json(fields.pop("reference"))
        return cls(labels=tuple(fields.pop("labels")), reference=reference, **fields)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a challenger is kept: what its bundle must be, how many may wait, and how long.

    ``timeout_s`` counts from the moment a document is handed over.
    """

    demands: Demands
    most_waiting: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class ChallengerEvents:
    """What the service wants to be told; called on the event loop."""

    settle: Callable[[Challenger, object, Observation], None]
    greeted: Callable[[Challenger, Hello], None]
    refused: Callable[[Challenger, list[dict[str, str]]], None]


@dataclass(slots=True)
class _InFlight:
    ticket: object
    handed_over_at: float
    given_up: bool = False


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
        self._waiting: deque[tuple[object, Document]] = deque()
        self._in_flight: dict[int, _InFlight] = {}
        self._handed_over = 0
        self._answered = 0
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
        return len(self._waiting) + sum(not f.given_up for f in self._in_flight.values())

    def start(self) -> None:
        """Start the process and keep it running."""
        self._supervisor = asyncio.create_task(self._supervise(), name=f"challenger {self.key}")

    def offer(self, ticket: object, document: Document) -> None:
        """Queue a document; it comes back through ``settle`` with the same ticket."""
        if self.state == "refused":
            self._miss(ticket, Missed.CHALLENGER_DOWN)
        elif self._stopping.is_set():
            self._miss(ticket, Missed.SHUTDOWN)
        elif len(self._waiting) >= self._terms.most_waiting:
            self._miss(ticket, Missed.QUEUE_FULL)
        else:
            self._waiting.append((ticket, document))
            self._changed.set()

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
        self._events.settle(self, ticket, Observation(answer=None, missed=reason))

    def _miss_waiting(self, reason: Missed) -> None:
        while self._waiting:
            self._miss(self._waiting.popleft()[0], reason)
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
            process = await self._spawn()
        except OSError:
            _logger.exception("challenger %s could not be started", self.key)
            return
        self.pid = process.pid
        patience_s = 0.0
        try:
            if await self._greet(process):
                patience_s = _EXIT_S
                await self._converse(process)
        except ConnectionError:
            # It closed the pipe: as good as gone.
            pass
        except Exception:
            # The one place where whatever goes wrong in the shadow ends; the process starts again.
            _logger.exception("challenger %s is being restarted", self.key)
        finally:
            await _end(process, patience_s)
            self.pid = None
            self._lose_in_flight()

    async def _spawn(self) -> asyncio.subprocess.Process:
        # In this process's own session: the kernel shares processors out by session first, and
        # only within one does the idle class give way.
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service.shadow.process"),
            *(str(self._bundle_path), json.dumps(self._terms.demands.to_json())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=child_environment(),
        )

    async def _greet(self, process: asyncio.subprocess.Process) -> bool:
        """Wait for the hello; false when there is none, or a refusal instead."""
        assert process.stdout is not None  # noqa: S101 (we asked for the pipe)
        first = await self._unless_stopping(frames.read_async(process.stdout), _START_S)
        if first is None:
            return False
        if "refused" in first:
            self._refuse(first["refused"])
            return False
        hello = Hello.parse(first["hello"])
        if self.hello is not None and hello.fingerprint != self.hello.fingerprint:
            self._refuse([_replaced(self.key, self.hello, hello).to_json()])
            return False
        self.hello = hello
        self.state = "ready"
        self._events.greeted(self, hello)
        return True

    def _refuse(self, findings: list[dict[str, str]]) -> None:
        self.state = "refused"
        self._events.refused(self, findings)

    async def _unless_stopping(
        self, reading: Coroutine[Any, Any, dict[str, Any] | None], timeout_s: float
    ) -> dict[str, Any] | None:
        task = asyncio.ensure_future(reading)
        stop = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({task, stop}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if task.done():
            return task.result()
        task.cancel()
        return None

    async def _converse(self, process: asyncio.subprocess.Process) -> None:
        tasks = {
            asyncio.create_task(self._feed(process)),
            asyncio.create_task(self._listen(process)),
            asyncio.create_task(self._watch(process)),
            asyncio.create_task(self._until_stopping()),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_stopping(self) -> None:
        await self._stopping.wait()

    async def _feed(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 (we asked for the pipe)
        while True:
            while not self._waiting or len(self._in_flight) >= _IN_FLIGHT:
                self._changed.clear()
                await self._changed.wait()
            ticket, document = self._waiting.popleft()
            self._handed_over += 1
            try:
                frame = _frame(self._handed_over, document)
            except (RecursionError, ValueError):
                # Too deep or too large for the wire: one document's fault, not the process's.
                self._miss(ticket, Missed.ERROR)
                continue
            self._in_flight[self._handed_over] = _InFlight(ticket, time.monotonic())
            process.stdin.write(frame)
            await process.stdin.drain()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 (we asked for the pipe)
        while (message := await frames.read_async(process.stdout)) is not None:
            flight = self._in_flight.pop(int(message["id"]))
            self._answered += 1
            if not flight.given_up:
                self._events.settle(self, flight.ticket, self._observation(message))
            self._changed.set()

    def _observation(self, message: Mapping[str, Any]) -> Observation:
        assert self.hello is not None  # noqa: S101 (answers come after the hello)
        if "error" in message:
            return Observation(answer=None, missed=Missed.ERROR)
        try:
            probabilities = np.array(message["probabilities"], dtype=np.float32)
            answer = Answer.of(probabilities, self.hello.labels)
            return Observation(answer, infer_s=float(message["infer_s"]))
        except (KeyError, TypeError, ValueError):
            return Observation(answer=None, missed=Missed.ERROR)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Give up documents that take too long; kill the process and return when it hangs."""
        progress_at, before, answered = time.monotonic(), processor_use(process.pid), -1
        while True:
            await asyncio.sleep(_WATCH_S)
            now, use = time.monotonic(), processor_use(process.pid)
            self._give_up_late(now)
            if not self._in_flight or self._answered != answered:
                progress_at, before, answered = now, use, self._answered
            elif now - progress_at >= self._terms.timeout_s and (
                use is None or before is None or use.hung_since(before, now - progress_at)
            ):
                _kill(process)
                return

    def _give_up_late(self, now: float) -> None:
        for flight in self._in_flight.values():
            if not flight.given_up and now - flight.handed_over_at >= self._terms.timeout_s:
                flight.given_up = True
                self._miss(flight.ticket, Missed.TIMEOUT)
                self._changed.set()

    def _lose_in_flight(self) -> None:
        reason = Missed.SHUTDOWN if self._stopping.is_set() else Missed.CHALLENGER_DOWN
        for flight in self._in_flight.values():
            if not flight.given_up:
                self._miss(flight.ticket, reason)
        self._in_flight.clear()
        self._changed.set()


def _frame(number: int, document: Document) -> bytes:
    return frames.encode({"id": number, "text": document.text, "features": document.features})


async def _end(process: asyncio.subprocess.Process, patience_s: float) -> None:
    """Close its input, which ends a healthy process, and kill what does not end."""
    assert process.stdin is not None  # noqa: S101 (we asked for the pipe)
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), patience_s)
    except TimeoutError:
        _kill(process)
        await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def _replaced(key: str, before: Hello, now: Hello) -> Finding:
    return Finding(
        code="bundle_replaced",
        subject=f"challenger {key}",
        expected=before.fingerprint,
        observed=now.fingerprint,
        remedy="seal every version in a directory of its own, and restart the service to serve it",
    )
