"""The documents that a challenger's process is answering.

The champion waits while this code runs on the event loop, so that several documents are sent in one
write, and no system call is made for an answer.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from guards.answer import Answer, Observation
from guards.evidence.pair import Missed
from service.shadow.local import codec
from service.shadow.local.processor_use import ProcessorUse, processor_use

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.evidence.pair import Outcome
    from service.shadow.interface import PendingComparison
    from service.shadow.local.child_process import ChildProcess
    from service.shadow.local.handshake import WorkerConfig, WorkerInfo
    from service.shadow.local.wire import Message
    from service.shadow.queue import Queue

__all__ = ["Session"]

_DOCUMENTS_PER_LANE = 4
"""How many documents are sent ahead of their answers, so that no lane waits for the next."""

_WATCH_S = 0.5


@dataclass(slots=True)
class _InFlight:
    pending: PendingComparison
    sent_at: float
    given_up: bool = False


class Session:
    """Sends documents to a process after its handshake; used from one event loop.

    It takes documents from ``queue`` and gives each back through ``settle`` exactly once, the last
    of them in ``end``.
    """

    def __init__(
        self,
        child: ChildProcess,
        info: WorkerInfo,
        config: WorkerConfig,
        queue: Queue,
        settle: Callable[[PendingComparison, Outcome], None],
    ) -> None:
        """Begin with the documents that wait."""
        self._loop = asyncio.get_running_loop()
        self._child = child
        self._labels = info.labels
        self._shares_encodings = info.preprocessing == config.preprocessing
        self._max_in_flight = _DOCUMENTS_PER_LANE * info.lanes
        self._timeout_s = config.timeout_s
        self._queue = queue
        self._settle = settle
        self._in_flight: dict[int, _InFlight] = {}
        self._sent = 0
        self._send_scheduled = False
        self._open = True
        self.wake()

    @property
    def pending(self) -> int:
        """The number of documents in flight, without those given up."""
        return sum(not flight.given_up for flight in self._in_flight.values())

    def wake(self) -> None:
        """Send the documents that wait, after all callbacks that are due now."""
        if not self._send_scheduled and self._has_room():
            self._send_scheduled = True
            self._loop.call_soon(self._send)

    async def run(self) -> None:
        """Serve the process until it ends or hangs; raises where a message is malformed."""
        watch = asyncio.create_task(self._watch())
        self._child.on_messages(self._receive)
        try:
            ends = {self._child.ended, watch}
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in done:
                end.result()
        finally:
            self._open = False
            watch.cancel()

    def end(self, reason: Missed) -> None:
        """Settle the documents in flight, once the process has ended."""
        while self._in_flight:
            flight = self._in_flight.pop(next(iter(self._in_flight)))
            if not flight.given_up:
                self._settle(flight.pending, reason)

    def _has_room(self) -> bool:
        # Filled up by halves, so that a busy process is woken once for several documents.
        return self._open and len(self._in_flight) <= self._max_in_flight // 2

    def _send(self) -> None:
        self._send_scheduled = False
        if not self._has_room():
            return
        now = time.monotonic()
        frames = bytearray()
        while (
            len(self._in_flight) < self._max_in_flight
            and (pending := self._queue.take()) is not None
        ):
            self._sent += 1
            try:
                frames += self._frame(pending)
            except Exception:  # noqa: BLE001 (one document fails, not the session)
                self._settle(pending, Missed.ERROR)
            else:
                self._in_flight[self._sent] = _InFlight(pending, now)
        if frames:
            self._child.write(bytes(frames))

    def _frame(self, pending: PendingComparison) -> bytes:
        if self._shares_encodings:
            return codec.as_encoding(self._sent, pending.encoding)
        return codec.as_document(self._sent, pending.document)

    def _receive(self, messages: list[Message]) -> None:
        for message in messages:
            flight = self._in_flight.pop(message.fields["id"])
            if not flight.given_up:
                self._settle(flight.pending, _outcome(message, self._labels))
        if len(self._queue):
            self._send()

    async def _watch(self) -> None:
        """Time documents out; return once the process hangs and is killed."""
        stall = _StallWatch(self._child.pid, self._timeout_s)
        while True:
            await asyncio.sleep(_WATCH_S)
            now = time.monotonic()
            self._give_up_late(now)
            if stall.hangs(next(iter(self._in_flight), None), now):
                self._child.kill()
                return

    def _give_up_late(self, now: float) -> None:
        for flight in self._in_flight.values():
            if not flight.given_up and now - flight.sent_at >= self._timeout_s:
                flight.given_up = True
                self._settle(flight.pending, Missed.TIMEOUT)


def _outcome(message: Message, labels: tuple[str, ...]) -> Outcome:
    try:
        return Observation(
            answer=Answer.of(codec.probabilities_of(message), labels),
            infer_s=float(message.fields["infer_s"]),
            cpu_s=float(message.fields["cpu_s"]),
        )
    except (KeyError, TypeError, ValueError):
        return Missed.ERROR


class _Stall(NamedTuple):
    """When a document was first seen as the oldest again, and the processor's use then."""

    since: float
    use: ProcessorUse | None


class _StallWatch:
    """Detects that a process hangs.

    Documents are started in the order in which they were sent. As long as the oldest in flight is
    the same one, the lane that runs it makes no progress, even if other lanes do.
    """

    def __init__(self, pid: int, timeout_s: float) -> None:
        self._pid = pid
        self._timeout_s = timeout_s
        self._oldest: int | None = None
        self._stall: _Stall | None = None

    def hangs(self, oldest: int | None, now: float) -> bool:
        """Return whether it hangs now, given the number of the oldest document in flight."""
        before, self._oldest = self._oldest, oldest
        if oldest is None or oldest != before:
            self._stall = None
            return False
        if self._stall is None:
            self._stall = _Stall(now, processor_use(self._pid))
            return False
        elapsed_s = now - self._stall.since
        if elapsed_s < self._timeout_s:
            return False
        use = processor_use(self._pid)
        return use is None or self._stall.use is None or use.hung_since(self._stall.use, elapsed_s)
