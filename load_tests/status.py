"""What the service counts: documents, comparisons, and whether they add up."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from load_tests.wire import WireError

if TYPE_CHECKING:
    from load_tests.documents import JsonObject
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
        missed = {reason: n - before.missed.get(reason, 0) for reason, n in self.missed.items()}
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


_NOTHING = Coverage(0, 0, 0, 0, {})


@dataclass(frozen=True, slots=True)
class Status:
    """The counts of ``/v1/status``: documents answered with 200, and coverage.

    ``coverage`` is that of each challenger by its name and version, ``NAME/VERSION``, and the
    ``total``.
    """

    documents: int
    coverage: dict[str, Coverage]

    def since(self, before: Status) -> Status:
        """Return what was added since ``before``; a challenger unknown then had nothing."""
        coverage = {
            name: part.since(before.coverage.get(name, _NOTHING))
            for name, part in self.coverage.items()
        }
        return Status(self.documents - before.documents, coverage)

    def imbalances(self, answered: int) -> list[str]:
        """List what does not add up after ``answered`` documents were answered with 200."""
        imbalances = [
            f"{name}: {part.eligible} eligible, {part.accounted} accounted for"
            for name, part in self.coverage.items()
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
        parts = {f"{each['name']}/{each['version']}": each for each in status["challengers"]}
        coverage = {name: _coverage(each["coverage"]) for name, each in parts.items()}
        coverage["total"] = _coverage(status["coverage"])
        return Status(status["documents"], coverage)
    except (KeyError, TypeError) as error:
        message = f"{connections.url}: /v1/status lacks the counts of coverage ({error})"
        raise ServiceError(message) from None


def _coverage(counts: JsonObject) -> Coverage:
    return Coverage(**{field.name: counts[field.name] for field in fields(Coverage)})


async def wait_for_comparisons(
    connections: Connections, documents: int, timeout_s: float
) -> Status:
    """Wait until the service counts so many documents in all and no comparison is pending.

    Returns its last counts when ``timeout_s`` is over. Raises ``ServiceError``.
    """
    deadline_s = time.perf_counter() + timeout_s
    while True:
        status = await read_status(connections)
        pending = any(part.pending for part in status.coverage.values())
        settled = status.documents >= documents and not pending
        if settled or time.perf_counter() >= deadline_s:
            return status
        await asyncio.sleep(_POLL_S)
