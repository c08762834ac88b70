"""What tests of real challenger processes share."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from tests.service.shadow.samples import pending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from artifacts.tables import Table
    from guards.json_types import JsonObject
    from service.shadow.interface import PendingComparison

__all__ = ["Offers", "gone", "sent"]


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
    """Return whether no process has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def sent() -> None:
    """Let the event loop send as many documents to a process as it will."""
    for _ in range(50):
        await asyncio.sleep(0)
