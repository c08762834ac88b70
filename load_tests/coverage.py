"""What the service says became of each comparison, and whether that adds up."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from load_tests.client import ServiceError, get_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

__all__ = ["NOTHING", "Coverage", "Status", "read_status", "wait_for_comparisons"]

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many documents were eligible for the shadow, and what became of them."""

    eligible: int
    compared: int
    pending: int
    spooled: int
    missed: dict[str, int]

    def since(self, before: Coverage) -> Coverage:
        """Give what was added since ``before``; pending and spooled may have fallen."""
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


NOTHING = Coverage(0, 0, 0, 0, {})


@dataclass(frozen=True, slots=True)
class Status:
    """The counts of ``/v1/status``: documents answered with 200, and coverage.

    ``challengers`` has the coverage of each challenger by its name and version, ``NAME/VERSION``.
    """

    documents: int
    challengers: dict[str, Coverage]
    total: Coverage

    def since(self, before: Status) -> Status:
        """Give what was added since ``before``; a challenger unknown then had nothing."""
        challengers = {
            name: coverage.since(before.challengers.get(name, NOTHING))
            for name, coverage in self.challengers.items()
        }
        return Status(
            self.documents - before.documents, challengers, self.total.since(before.total)
        )

    @property
    def pending(self) -> int:
        """Count the comparisons that are still to come."""
        return self.total.pending + sum(part.pending for part in self.challengers.values())

    def imbalances(self, answered: int) -> list[str]:
        """Say what does not add up after ``answered`` documents were answered with 200."""
        problems = [
            f"{name}: {part.eligible} eligible, {part.accounted} accounted for"
            for name, part in {**self.challengers, "total": self.total}.items()
            if part.eligible != part.accounted
        ]
        if self.documents != answered:
            problems.append(f"{answered} documents answered, the service counts {self.documents}")
        return problems


async def read_status(client: httpx.AsyncClient) -> Status:
    """Ask the service for its counts; raise ``ServiceError`` where it has none."""
    status = await get_json(client, "/v1/status")
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
        message = f"{client.base_url}: /v1/status lacks the counts of coverage ({error})"
        raise ServiceError(message) from None


def _coverage(part: Mapping[str, Any]) -> Coverage:
    return Coverage(
        int(part["eligible"]),
        int(part["compared"]),
        int(part["pending"]),
        int(part["spooled"]),
        {str(reason): int(n) for reason, n in part["missed"].items()},
    )


async def wait_for_comparisons(
    client: httpx.AsyncClient, documents: int, timeout_s: float
) -> Status:
    """Wait until the service counts so many documents in all and no comparison is pending.

    Gives its last counts when ``timeout_s`` is over. Raises ``ServiceError``.
    """
    deadline_s = time.perf_counter() + timeout_s
    while True:
        status = await read_status(client)
        settled = status.documents >= documents and status.pending == 0
        if settled or time.perf_counter() >= deadline_s:
            return status
        await asyncio.sleep(_POLL_S)
