"""What tests of real challenger processes share."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from service.shadow.local.fork_server import Forked
from tests.service.shadow.samples import pending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from artifacts.tables import Table
    from guards.json_types import JsonObject
    from service.shadow.interface import PendingComparison

__all__ = ["Offers", "gone", "script_process", "sent"]

REPOSITORY = Path(__file__).parents[4]


class Offers:
    """Labelled documents to offer, with request ids that count up."""

    def __init__(self, table: Table) -> None:
        self._rows = table.documents
        self._next = 0

    def to(self, offer: Callable[[PendingComparison], object], documents: int) -> list[str]:
        """Offer the next documents, and return their request ids."""
        request_ids = [str(self._next + number) for number in range(documents)]
        self._next += documents
        for request_id in request_ids:
            row = self.row(request_id)
            offer(pending(request_id, row["text"], row["features"]))
        return request_ids

    def row(self, request_id: str) -> JsonObject:
        """Return what was offered under a request id."""
        row: JsonObject = self._rows[int(request_id) % len(self._rows)]
        return row

    def rows(self, request_ids: Sequence[str]) -> list[JsonObject]:
        """Return what was offered under request ids."""
        return [self.row(request_id) for request_id in request_ids]


def gone(pid: int) -> bool:
    """Return whether a process has ended, though the system may not have forgotten it yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in {"X", "Z"}


async def sent() -> None:
    """Let the event loop send as many documents to a process as it will."""
    for _ in range(50):
        await asyncio.sleep(0)


def script_process(script: str) -> Forked:
    """Start a script in the place of a forked process."""
    requests, to_requests = os.pipe()
    from_answers, answers = os.pipe()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", script],
        {**os.environ, "PYTHONPATH": str(REPOSITORY)},
        file_actions=[(os.POSIX_SPAWN_DUP2, requests, 0), (os.POSIX_SPAWN_DUP2, answers, 1)],
    )
    os.close(requests)
    os.close(answers)
    return Forked(pid, to_requests, from_answers, os.pidfd_open(pid))
