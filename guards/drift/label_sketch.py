"""Right answers by cell, of documents whose label came in this window."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from guards.json_types import JsonObject

__all__ = ["LabelSketch"]


class LabelSketch:
    """Counts labelled documents by the day on which they were answered.

    >>> sketch = LabelSketch(["court"])
    >>> sketch.update("2026-11-27", [1], correct=True)
    >>> sketch.update("2026-11-27", [1], correct=False)
    >>> sketch.get()["2026-11-27"]["features"]["court"]
    {'documents': {'1': 2}, 'correct': {'1': 1}}
    """

    def __init__(self, features: Iterable[str], hidden: Collection[str] = ()) -> None:
        """Start empty over ``features``, in the order of cells; ``hidden`` ones are left out."""
        self._told = [(at, name) for at, name in enumerate(features) if name not in hidden]
        self._days: dict[str, JsonObject] = {}

    def update(self, day: str, cells: Sequence[int], *, correct: bool) -> None:
        """Count a document that was answered on a day, an ISO date in UTC, with these cells."""
        counts = self._days.setdefault(day, {"documents": 0, "correct": 0, "features": {}})
        counts["documents"] += 1
        counts["correct"] += correct
        for at, name in self._told:
            cell = str(cells[at])
            feature = counts["features"].setdefault(name, {"documents": {}, "correct": {}})
            feature["documents"][cell] = feature["documents"].get(cell, 0) + 1
            if correct:
                feature["correct"][cell] = feature["correct"].get(cell, 0) + 1

    def get(self) -> JsonObject:
        """Return documents and right answers by day, in all and by feature and cell.

        Cells are numbered as in counts, missing and outside last; those without documents are left
        out.
        """
        return self._days
