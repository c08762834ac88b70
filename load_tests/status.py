"""What the service counts: documents, comparisons, and whether they add up."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from load_tests.wire import WireError

if TYPE_CHECKING:
    from load_tests.json_types import JsonObject
    from load_tests.wire import Connections

__all__ = ["Coverage", "ServiceError", "Status", "get_json", "read_status", "wait_for_comparisons"]

_POLL_S = 0.05


class ServiceError(Exception):
    """The service cannot be reached, or does not answer as an Understudy service does."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many documents were eligible for the shadow, and what became of them."""

    eligible: int
    compared: int
    pending: int
    spooled: int
    missed: dict[str, int]

    def since(self, before: Coverage) -> Coverage:
        """Return what was added since ``before``; pending and spooled may have fallen."""
        missed = Counter(self.missed)
        missed.subtract(before.missed)
        return Coverage(
            self.eligible - before.eligible,
            self.compared - before.compared,
            self.pending - before.pending,
            self.spooled - before.spooled,
            {reason: n for reason, n in sorted(missed.items()) if n},
        )

    @property
    def accounted(self) -> int:
        """Count the documents whose comparison was made, was missed, or is still to come."""
        return self.compared + sum(self.missed.values()) + self.pending + self.spooled


@dataclass(frozen=True, slots=True)
class Status:
    """The counts of ``/v1/status``: documents answered with 200, and coverage.

    ``challengers`` has the coverage of each challenger by its name and version, ``NAME/VERSION``.
    """

    documents: int
    challengers: dict[str, Coverage]
    total: Coverage

    def since(self, before: Status) -> Status:
        """Return what was added since ``before``; a challenger unknown then had nothing."""
        nothing = Coverage(0, 0, 0, 0, {})
        return Status(
            self.documents - before.documents,
            {
                name: coverage.since(before.challengers.get(name, nothing))
                for name, coverage in self.challengers.items()
            },
            self.total.since(before.total),
        )

    @property
    def pending(self) -> int:
        """Count the comparisons that are still to come."""
        return self.total.pending + sum(part.pending for part in self.challengers.values())

    def imbalances(self, answered: int) -> list[str]:
        """List what does not add up after ``answered`` documents were answered with 200."""
        imbalances = [
            f"{name}: {part.eligible} eligible, {part.accounted} accounted for"
            for name, part in {**self.challengers, "total": self.total}.items()
            if part.eligible != part.accounted
        ]
        if self.documents != answered:
            imbalances.append(f"{answered} documents answered, the service counts {self.documents}")
        return imbalances


async def get_json(connections: Connections, path: str) -> JsonObject:
    """Return the JSON object at ``path``; raise ``ServiceError`` unless there is one."""
    try:
        answer = await connections.send(connections.get(path))
        if answer.ok:
            return dict(json.loads(answer.body))
        message = f"{connections.url}: answered {answer.status} to GET {path}"
    except WireError as error:
        message = f"{connections.url}: {error}"
    except (TypeError, ValueError):
        message = f"{connections.url}: answered GET {path} with something that is no JSON object"
    raise ServiceError(message)


async def read_status(connections: Connections) -> Status:
    """Read the service's counts; raise ``ServiceError`` where it has none."""
    status = await get_json(connections, "/v1/status")
    try:
        return Status(
            int(status["documents"]),
            {
                f"{challenger['name']}/{challenger['version']}": _coverage(challenger["coverage"])
                for challenger in status["challengers"]
            },
            _coverage(status["coverage"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"{connections.url}: /v1/status lacks the counts of coverage ({error})"
        raise ServiceError(message) from None


def _coverage(part: JsonObject) -> Coverage:
    return Coverage(
        int(part["eligible"]),
        int(part["compared"]),
        int(part["pending"]),
        int(part["spooled"]),
        {str(reason): int(n) for reason, n in part["missed"].items()},
    )


async def wait_for_comparisons(
    connections: Connections, documents: int, timeout_s: float
) -> Status:
    """Wait until the service counts so many documents in all and no comparison is pending.

    Returns its last counts when ``timeout_s`` is over. Raises ``ServiceError``.
    """
    deadline_s = time.perf_counter() + timeout_s
    while True:
        status = await read_status(connections)
        settled = status.documents >= documents and status.pending == 0
        if settled or time.perf_counter() >= deadline_s:
            return status
        await asyncio.sleep(_POLL_S)
