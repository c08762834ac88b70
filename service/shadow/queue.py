"""Queues of documents that wait for a challenger."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from service.shadow.interface import PendingComparison

__all__ = ["MemoryQueue", "Queue"]


class Queue(Protocol):
    """Keeps documents in the order in which they were offered; used from one event loop."""

    def __len__(self) -> int:
        """Return the number of documents that wait."""

    def put(self, pending: PendingComparison) -> bool:
        """Append a document; return False, and do nothing, where there is no room for it."""

    def take(self) -> PendingComparison | None:
        """Remove and return the oldest document; None when the queue is empty."""


class MemoryQueue:
    """A queue of at most ``capacity`` documents in memory."""

    def __init__(self, capacity: int) -> None:
        """Start empty."""
        self._capacity = capacity
        self._waiting: deque[PendingComparison] = deque()

    def __len__(self) -> int:
        """Return the number of documents that wait."""
        return len(self._waiting)

    def put(self, pending: PendingComparison) -> bool:
        """Append a document; return False, and do nothing, where there is no room for it."""
        if len(self._waiting) >= self._capacity:
            return False
        self._waiting.append(pending)
        return True

    def take(self) -> PendingComparison | None:
        """Remove and return the oldest document; None when the queue is empty."""
        return self._waiting.popleft() if self._waiting else None
