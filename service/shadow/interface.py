"""The interface between challengers, wherever they run, and the rest of the service."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from artifacts.bundle.preprocessing import Encoding
    from guards.answer import Observation
    from guards.drift.reference import Reference
    from guards.errors import Finding
    from guards.evidence.pair import ChallengerId, Outcome
    from guards.json_types import JsonObject
    from service.documents import Document

__all__ = [
    "Challenger",
    "ChallengerState",
    "ChallengerStatus",
    "Listener",
    "PendingComparison",
]


class ChallengerState(StrEnum):
    """Whether a challenger answers; ``down`` lasts until its next attempt to start."""

    STARTING = "starting"
    READY = "ready"
    DOWN = "down"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ChallengerStatus:
    """A challenger in ``/v1/status``; None where a value is not known or does not exist."""

    state: ChallengerState
    fingerprint: str | None = None
    engine: str | None = None
    priority: str | None = None
    restarts: int = 0
    pid: int | None = None

    def to_json(self) -> JsonObject:
        """Return the status as plain JSON."""
        return asdict(self)


@dataclass(slots=True, eq=False)
class PendingComparison:
    """A document that the champion has answered, and the outcomes of challengers so far.

    ``encoding`` is the champion's encoding of the document, and ``values`` are those that the
    champion's window counts. ``awaited`` counts the challengers that have not given it back, and
    ``is_written`` says that its log line did not wait for them.
    """

    document: Document
    encoding: Encoding
    champion: Observation
    observed_at: datetime
    values: tuple[float | str, ...] = ()
    awaited: int = 0
    is_written: bool = False
    outcomes: dict[ChallengerId, Outcome] = field(default_factory=dict)

    @property
    def memory_bytes(self) -> int:
        """The memory of the document and its encoding."""
        encoding = self.encoding
        return self.document.memory_bytes + encoding.token_ids.nbytes + encoding.columns.nbytes


class Listener(Protocol):
    """Receives the outcomes and news of challengers; called on the event loop."""

    def settled(
        self, challenger: ChallengerId, pending: PendingComparison, outcome: Outcome
    ) -> None:
        """Receive the outcome of a document that was offered."""

    def announced(self, challenger: ChallengerId, reference: Reference) -> None:
        """Receive the reference of a challenger's bundle, before the first of its answers."""

    def refused(self, challenger: ChallengerId, findings: Sequence[Finding]) -> None:
        """Receive the findings for which the guard refused a challenger's bundle."""


class Challenger(Protocol):
    """Answers documents in the shadow; used from one event loop.

    Every document that is offered comes back through ``Listener.settled`` exactly once, even when
    the challenger crashes, hangs, is killed or sends malformed answers, and no method raises.
    """

    @property
    def id(self) -> ChallengerId:
        """Its id, which no other challenger of the service has."""

    @property
    def pending(self) -> int:
        """The number of documents that were offered and have not come back."""

    def start(self, listener: Listener) -> None:
        """Begin to start, once; documents may be offered from now on."""

    def offer(self, pending: PendingComparison) -> None:
        """Accept a document without waiting.

        It comes back at once when it cannot be accepted: as ``queue_full``, as ``shutdown`` once
        the challenger has drained, or as ``challenger_down`` once its bundle is refused.
        """

    async def drain(self, timeout_s: float) -> None:
        """Finish the offered documents within ``timeout_s``, then stop for good.

        Those that are not finished by then come back as ``shutdown``. Stopping itself may take a
        few seconds more.
        """

    def status(self) -> ChallengerStatus:
        """Return its state and what is known of its bundle."""
