"""Counts of private columns, which are not told of a few documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.drift.sketch import documents_of, merge

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["Withheld"]

_MIN_DOCUMENTS = 20


class Withheld:
    """Keeps the counts of private columns back until they are of 20 documents."""

    def __init__(self, private: Collection[str]) -> None:
        """Start with nothing; ``private`` names features."""
        self._private = private
        self._kept: dict[str, JsonObject] = {}

    def split(
        self, counted: Mapping[str, JsonObject], *, closing: bool
    ) -> tuple[JsonObject, JsonObject]:
        """Return the counts to tell, and how many documents of each feature are held back.

        What was held back before is told with what makes it enough, and is then a negative number,
        so that the sums over windows say how many are not told. Only where ``closing`` is it
        remembered.
        """
        told: JsonObject = {}
        withheld: JsonObject = {}
        for name, counts in counted.items():
            if name not in self._private:
                told[name] = counts
                continue
            before = self._kept.get(name, {})
            together = merge(before, counts)
            enough = documents_of(together) >= _MIN_DOCUMENTS
            if enough:
                told[name] = _without_range(together)
            change = -documents_of(before) if enough else documents_of(counts)
            if change:
                withheld[name] = change
            if closing:
                self._kept[name] = {} if enough else together
        return told, withheld


def _without_range(counts: JsonMapping) -> JsonObject:
    return {name: value for name, value in counts.items() if name not in ("minimum", "maximum")}
