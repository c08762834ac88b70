"""Queues of documents that wait for a challenger."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from service.shadow.interface import PendingComparison

__all__ = ["MAX_QUEUE_BYTES", "MemoryQueue", "Queue"]

MAX_QUEUE_BYTES = 128 * 1024 * 1024
"""Memory of the documents in one queue. It takes any one document while it is empty."""


class Queue(Protocol):
    """Keeps documents in the order in which they were offered; used from one event loop."""

    def __len__(self) -> int:
        """Return the number of documents that wait."""

    def put(self, pending: PendingComparison) -> bool:
        """Append a document; return False, and do nothing, where there is no room for it."""

    def take(self) -> PendingComparison | None:
        """Remove and return the oldest document; None when the queue is empty."""


class MemoryQueue:
    """A queue of at most ``capacity`` documents in memory, and ``max_bytes`` of them."""

    def __init__(self, capacity: int, max_bytes: int = MAX_QUEUE_BYTES) -> None:
        """Start empty."""
        self._capacity = capacity
        self._max_bytes = max_bytes
        self._bytes = 0
        self._waiting: deque[PendingComparison] = deque()

    def __len__(self) -> int:
        """Return the number of documents that wait."""
        return len(self._waiting)

    def put(self, pending: PendingComparison) -> bool:
        """Append a document; return False, and do nothing, where there is no room for it."""
        if len(self._waiting) >= self._capacity:
            return False
        size = pending.memory_bytes
        if self._waiting and self._bytes + size > self._max_bytes:
            return False
        self._bytes += size
        self._waiting.append(pending)
        return True

    def take(self) -> PendingComparison | None:
        """Remove and return the oldest document; None when the queue is empty."""
        if not self._waiting:
            return None
        pending = self._waiting.popleft()
        self._bytes -= pending.memory_bytes
        return pending
