"""The documents that one challenger's process is answering.

Every wake-up of the event loop is time that the champion does not have, so documents are handed
over several in one write, and nothing is asked of the kernel while answers come.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from guards.drift.features import Answer
from service.shadow import handover
from service.shadow.comparison import Missed, Observation
from service.shadow.priority import ProcessorUse, processor_use

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from artifacts.preprocessing import Encoding
    from service.documents import Document
    from service.shadow.child import Child
    from service.shadow.frames import Message
    from service.shadow.terms import Hello, Terms

__all__ = ["Conversation", "Offer"]

_PLACES_A_LANE = 4
"""Documents handed over ahead of their answers: enough that no lane waits for the event loop."""

_WATCH_S = 0.5


class Offer(NamedTuple):
    """A document that waits: as it came, and as the champion's network was given it."""

    ticket: object
    document: Document
    encoding: Encoding


@dataclass(slots=True)
class _InFlight:
    ticket: object
    handed_over_at: float
    given_up: bool = False


class _Stall(NamedTuple):
    """Since when the same document has been the oldest, and the processor's use then."""

    since: float
    use: ProcessorUse | None


class Conversation:
    """Hands documents to a process that has said hello; used from one event loop.

    It takes them from ``waiting`` and gives each back through ``settle`` exactly once, the last of
    them in ``end``.
    """

    def __init__(
        self,
        child: Child,
        hello: Hello,
        terms: Terms,
        waiting: deque[Offer],
        settle: Callable[[object, Observation], None],
    ) -> None:
        """Begin with whatever waits."""
        self._loop = asyncio.get_running_loop()
        self._child = child
        self._labels = hello.labels
        self._encoded = hello.preprocessing == terms.preprocessing
        self._places = _PLACES_A_LANE * hello.lanes
        self._timeout_s = terms.timeout_s
        self._waiting = waiting
        self._settle = settle
        self._in_flight: dict[int, _InFlight] = {}
        self._handed_over = 0
        self._about_to_hand_over = False
        self._open = True
        self.wake()

    @property
    def pending(self) -> int:
        """How many documents are in flight and not given up."""
        return sum(not flight.given_up for flight in self._in_flight.values())

    def wake(self) -> None:
        """See to it that what waits is handed over, after whatever else is offered right now."""
        if not self._about_to_hand_over and self._has_room():
            self._about_to_hand_over = True
            self._loop.call_soon(self._hand_over)

    async def run(self) -> None:
        """Talk until the process ends, says nonsense (``ValueError``, ``KeyError``), or hangs."""
        watch = asyncio.create_task(self._watch())
        self._child.hear(self._hear)
        try:
            ends = {self._child.ended, watch}
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in done:
                end.result()
        finally:
            self._open = False
            watch.cancel()

    def end(self, reason: Missed) -> None:
        """Give back what is in flight, once the process has ended."""
        while self._in_flight:
            flight = self._in_flight.pop(next(iter(self._in_flight)))
            if not flight.given_up:
                self._miss(flight.ticket, reason)

    def _has_room(self) -> bool:
        # Half of the places at a time, so that a busy process is woken once for several documents.
        return self._open and len(self._in_flight) <= self._places // 2

    def _hand_over(self) -> None:
        self._about_to_hand_over = False
        if not self._has_room():
            return
        now = time.monotonic()
        written = bytearray()
        while self._waiting and len(self._in_flight) < self._places:
            offer = self._waiting.popleft()
            self._handed_over += 1
            try:
                written += self._frame(offer)
            except Exception:  # noqa: BLE001 (one document's fault, whatever it is)
                self._miss(offer.ticket, Missed.ERROR)
            else:
                self._in_flight[self._handed_over] = _InFlight(offer.ticket, now)
        if written:
            self._child.tell(bytes(written))

    def _frame(self, offer: Offer) -> bytes:
        if self._encoded:
            return handover.as_encoding(self._handed_over, offer.encoding)
        return handover.as_it_came(self._handed_over, offer.document)

    def _hear(self, messages: list[Message]) -> None:
        for message in messages:
            flight = self._in_flight.pop(message.fields["id"])
            if not flight.given_up:
                self._settle(flight.ticket, self._observation(message))
        if self._waiting:
            self._hand_over()

    def _observation(self, message: Message) -> Observation:
        try:
            answer = Answer.of(handover.probabilities_of(message), self._labels)
            return Observation(answer, infer_s=float(message.fields["infer_s"]))
        except (KeyError, TypeError, ValueError):
            return Observation(answer=None, missed=Missed.ERROR)

    def _miss(self, ticket: object, reason: Missed) -> None:
        self._settle(ticket, Observation(answer=None, missed=reason))

    async def _watch(self) -> None:
        """Give up documents that take too long; kill the process and return when it hangs.

        Documents are begun in the order in which they were handed over: while the oldest in flight
        stays the same one, whoever runs it has nothing to show, whatever the other lanes do.
        """
        oldest, stall = None, None
        while True:
            await asyncio.sleep(_WATCH_S)
            now = time.monotonic()
            self._give_up_late(now)
            before, oldest = oldest, next(iter(self._in_flight), None)
            if oldest is None or oldest != before:
                stall = None
            elif stall is None:
                stall = _Stall(now, processor_use(self._child.pid))
            elif self._hangs(stall, now - stall.since):
                self._child.kill()
                return

    def _hangs(self, stall: _Stall, elapsed_s: float) -> bool:
        if elapsed_s < self._timeout_s:
            return False
        use = processor_use(self._child.pid)
        return use is None or stall.use is None or use.hung_since(stall.use, elapsed_s)

    def _give_up_late(self, now: float) -> None:
        for flight in self._in_flight.values():
            if not flight.given_up and now - flight.handed_over_at >= self._timeout_s:
                flight.given_up = True
                self._miss(flight.ticket, Missed.TIMEOUT)
