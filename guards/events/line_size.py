"""How long a line of the log may be, and what is divided among several lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_LINE_BYTES", "STAMP_BYTES", "packed", "size_bytes"]

T = TypeVar("T")

MAX_LINE_BYTES = 16 * 1024
"""Readers of logs, and what forwards them, cut lines off or drop them from here on."""

STAMP_BYTES = 1024
"""More than stamp, bounds and the name of the reference take."""


def size_bytes(*values: object) -> int:
    """Return at least as many bytes as plain JSON takes in a line."""
    # ASCII with its escapes is never shorter than a line.
    return len(json.dumps(values, default=str, separators=(",", ":")))


def packed(entries: Iterable[tuple[T, int]], room: int) -> list[list[T]]:
    """Return entries with their sizes in lists of up to ``room`` bytes each, in their order.

    An entry that is longer has a list of its own; without entries there is one empty list.

    >>> packed([("a", 3), ("b", 3), ("c", 9), ("d", 1)], 6)
    [['a', 'b'], ['c'], ['d']]
    """
    lists: list[list[T]] = [[]]
    taken = 0
    for entry, size in entries:
        if taken + size > room and lists[-1]:
            lists.append([])
            taken = 0
        lists[-1].append(entry)
        taken += size
    return lists
