"""Categories that the reference does not know, counted within bounds."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guards.json_types import JsonObject

__all__ = ["NewCategories"]

_MAX_NEW = 1_000
"""Distinct new categories counted in a window: a column of identifiers must not fill memory."""

_MAX_NEW_SHOWN = 20
"""New categories that a snapshot names."""

_MAX_NEW_CHARS = 128
"""A longer value is free text, not a category: it is counted and not kept."""


class NewCategories:
    """Counts unknown values of a column, by value unless the column is private."""

    def __init__(self, *, private: bool) -> None:
        """Start empty."""
        self._private = private
        self._counts: Counter[str] = Counter()

    def update(self, value: str) -> None:
        """Count one unknown value."""
        if self._private or len(value) > _MAX_NEW_CHARS:
            return
        if value in self._counts or len(self._counts) < _MAX_NEW:
            self._counts[value] += 1

    def get(self, unknown: int) -> JsonObject:
        """Return ``new``, the 20 most frequent, and ``new_other``, the rest of all ``unknown``."""
        named = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[:_MAX_NEW_SHOWN]
        return {"new": dict(named), "new_other": unknown - sum(count for _, count in named)}
