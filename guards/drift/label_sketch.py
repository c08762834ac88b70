"""Right answers by cell, of documents whose label came in this window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.drift.cells import cells_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

__all__ = ["LabelSketch"]


class LabelSketch:
    """Counts labelled documents by the day on which they were answered.

    >>> from guards.drift.reference import CategoricalReference
    >>> sketch = LabelSketch(("court",), {"court": CategoricalReference.of([], ["NDCA", "SDNY"])})
    >>> sketch.update("2026-11-27", ("SDNY",), correct=True)
    >>> sketch.update("2026-11-27", ("SDNY",), correct=False)
    >>> sketch.get()["2026-11-27"]["features"]["court"]
    {'documents': {'1': 2}, 'correct': {'1': 1}}
    """

    def __init__(self, names: Sequence[str], features: Mapping[str, FeatureReference]) -> None:
        """Start empty; rows have the features in ``names``, those beyond ``features`` uncounted."""
        self._cells = [
            (column, name, cells_of(features[name]))
            for column, name in enumerate(names)
            if name in features
        ]
        self._days: dict[str, JsonObject] = {}

    def update(self, day: str, row: tuple[float | str, ...], *, correct: bool) -> None:
        """Count a document that was answered on a day, an ISO date in UTC."""
        counts = self._days.setdefault(day, {"documents": 0, "correct": 0, "features": {}})
        counts["documents"] += 1
        counts["correct"] += correct
        for column, name, cells in self._cells:
            cell = str(cells.index(row[column]))
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
