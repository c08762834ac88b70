"""The event of a window that was flushed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from guards.drift.distance import Score
from guards.moments import from_rfc3339, rfc3339, week_minutes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["DriftWindow"]


@dataclass(frozen=True, slots=True)
class DriftWindow:
    """One flushed window: its bounds, its counts, and a score for each feature.

    ``counts`` of several windows add up with ``guards.drift.sketch.merge``. Challengers stand in
    them and in ``scores`` under their id as a string. ``reference`` is the fingerprint of the
    reference that the scores compare with, and ``challenger_references`` are those of challengers'
    own, by id. A long window is written in ``parts``, of which this is the ``part``-th, as
    ``guards.events.window_parts`` says.
    """

    name: ClassVar[str] = "drift.window"

    start: datetime
    end: datetime
    documents: int
    reference: str
    counts: JsonMapping
    scores: Mapping[str, Score]
    challenger_references: Mapping[str, str] = field(default_factory=dict)
    part: int = 1
    parts: int = 1

    @property
    def week_minute(self) -> int:
        """The minute of the middle of the window, counted as ``week_minutes`` does."""
        return week_minutes(self.start + (self.end - self.start) / 2)

    def bounds(self) -> JsonObject:
        """Return start, end and documents as plain JSON."""
        return {
            "start": rfc3339(self.start),
            "end": rfc3339(self.end),
            "documents": self.documents,
        }

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        numbers = {"part": self.part, "parts": self.parts} if self.parts > 1 else {}
        others = dict(self.challenger_references)
        return {
            "window": self.bounds(),
            **numbers,
            "reference": self.reference,
            **({"challenger_references": others} if others else {}),
            "counts": self.counts,
            "scores": {feature: score.to_json() for feature, score in self.scores.items()},
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> DriftWindow:
        """Read a line's fields; ``KeyError``, ``TypeError`` or ``ValueError`` where malformed."""
        window = data["window"]
        return cls(
            start=from_rfc3339(window["start"]),
            end=from_rfc3339(window["end"]),
            documents=window["documents"],
            reference=data["reference"],
            counts=data["counts"],
            scores={name: Score.from_json(score) for name, score in data["scores"].items()},
            challenger_references=data.get("challenger_references", {}),
            part=data.get("part", 1),
            parts=data.get("parts", 1),
        )
