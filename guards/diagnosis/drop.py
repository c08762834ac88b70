"""Whether there was a drop: of confidence, of clear answers, and of accuracy where labels exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.chance import Change, change_of
from guards.diagnosis.documents import NO_LABEL, Documents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]
    Switches = NDArray[np.bool_]

__all__ = ["ALPHA", "MIN_LABELS", "PERCENTILES", "Drop", "measure_drop", "measured"]

ALPHA = 0.025
"""How often good periods may differ by chance in any of what is measured."""

_BOUNDARY_MARGIN = 0.1
MIN_LABELS = 50
PERCENTILES = (5, 25, 50, 75, 95)
_BINS = 20
_MEASURES = ("confidence", "accuracy", "boundary")


@dataclass(frozen=True, slots=True)
class Drop:
    """What changed in the answers.

    ``changes`` are the means of what was measured: ``confidence``, ``boundary`` (whether the margin
    is below .1), and ``accuracy`` with 50 labels in each period. ``measure`` is what is explained.
    ``histogram`` counts confidences in twenty bins from 0 to 1, good and bad.
    """

    changes: Mapping[str, Change]
    measure: str
    percentiles: tuple[tuple[float, ...], tuple[float, ...]]
    histogram: tuple[tuple[int, ...], tuple[int, ...]]
    classes: Mapping[str, JsonObject]
    segments: Mapping[str, JsonObject]

    @property
    def alpha(self) -> float:
        """The error of each measure: ``ALPHA``, divided among them."""
        return ALPHA / len(self.changes)

    @property
    def could_be_chance(self) -> bool:
        """Whether chance could do all of it; False where that cannot be told."""
        return all(change.could_be_chance(self.alpha) for change in self.changes.values())

    def is_beyond_chance(self, name: str) -> bool:
        """Return whether a measure changed beyond chance, or by its interval where it is untold."""
        return _is_beyond_chance(self.changes[name], self.alpha)

    def fell(self, name: str) -> bool:
        """Return whether a measure was taken, and fell beyond chance."""
        return name in self.changes and self.is_beyond_chance(name) and self.changes[name].size < 0

    def to_json(self) -> JsonObject:
        """Return everything as plain JSON."""
        good, bad = self.percentiles
        return {
            "measure": self.measure,
            "changes": {name: change.to_json() for name, change in self.changes.items()},
            "percentiles": {"of": list(PERCENTILES), "good": list(good), "bad": list(bad)},
            "histogram": {"good": list(self.histogram[0]), "bad": list(self.histogram[1])},
            "classes": dict(self.classes),
            "segments": dict(self.segments),
        }


def measured(measure: str, documents: Documents) -> tuple[Floats, Switches]:
    """Return what is measured of each document, float64 [rows], and of which, bool [rows]."""
    everything = np.ones(len(documents), dtype=np.bool_)
    if measure == "accuracy":
        return documents.right.astype(np.float64), documents.right != NO_LABEL
    if measure == "boundary":
        return (documents.margin < _BOUNDARY_MARGIN).astype(np.float64), everything
    return documents.confidence, everything


def measure_drop(good: Documents, bad: Documents, generator: np.random.Generator) -> Drop:
    """Return how the answers of two periods differ."""
    names = ["confidence", "boundary"]
    if all((each.right != NO_LABEL).sum() >= MIN_LABELS for each in (good, bad)):
        names.append("accuracy")
    changes = {
        name: change_of(_blocks(name, good), _blocks(name, bad), generator) for name in names
    }
    good_at, bad_at = (
        tuple(np.percentile(each.confidence, PERCENTILES).tolist()) for each in (good, bad)
    )
    counts = [np.histogram(each.confidence, _BINS, (0.0, 1.0))[0].tolist() for each in (good, bad)]
    return Drop(
        changes=changes,
        measure=_explained(changes),
        percentiles=(good_at, bad_at),
        histogram=(tuple(counts[0]), tuple(counts[1])),
        classes=_by_name(good, bad, "labels"),
        segments=_by_name(good, bad, "segments"),
    )


def _blocks(measure: str, documents: Documents) -> Blocks:
    values, rows = measured(measure, documents)
    return Blocks.of(documents.hours[rows], values[rows])


def _explained(changes: Mapping[str, Change]) -> str:
    """Return the first measure that changed beyond chance, or whose interval is on one side."""
    alpha = ALPHA / len(changes)
    beyond = (
        name for name in _MEASURES if name in changes and _is_beyond_chance(changes[name], alpha)
    )
    return next(beyond, _MEASURES[0])


def _is_beyond_chance(change: Change, alpha: float) -> bool:
    if change.p_value is None:
        return not change.low <= 0 <= change.high
    return change.p_value <= alpha


def _by_name(good: Documents, bad: Documents, column: str) -> dict[str, JsonObject]:
    """Return shares and mean confidences by label, or by segment."""
    sides = [_sums(documents, column) for documents in (good, bad)]
    found: dict[str, JsonObject] = {}
    for name in sorted({*sides[0], *sides[1]}):
        entry: JsonObject = {}
        for period, side, documents in zip(("good", "bad"), sides, (good, bad), strict=True):
            count, mean = side.get(name, (0, None))
            entry[period] = {
                "documents": count,
                "share": count / len(documents),
                "confidence": mean,
            }
        found[name] = entry
    return found


def _sums(documents: Documents, column: str) -> dict[str, tuple[int, float | None]]:
    texts = getattr(documents, column)
    rows = texts.codes >= 0
    counts = np.bincount(texts.codes[rows], minlength=len(texts.names))
    sums = np.bincount(
        texts.codes[rows], weights=documents.confidence[rows], minlength=len(texts.names)
    )
    return {
        name: (int(count), float(total / count))
        for name, count, total in zip(texts.names, counts, sums, strict=True)
        if count
    }
