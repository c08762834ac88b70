"""What good weeks have taught: the counts of each hour of the week, and the variance beyond chance.

It stands beside the counts of the held-out rows, and alarms are compared with it in their place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from guards.drift.fields import required, sequence
from guards.moments import from_rfc3339, rfc3339
from guards.sequential.starts import LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from guards.json_types import JsonObject

__all__ = ["HOURS", "MAX_WATCHED_SEGMENTS", "Taught", "TaughtCounts"]

HOURS = 168
"""Hours of a week, which begins on Monday at 00:00 UTC."""

MAX_WATCHED_SEGMENTS = 8
"""Clients choose the names of segments, so that their number must be bounded."""

_MAX_COUNT = 2**53


@dataclass(frozen=True, slots=True)
class TaughtCounts:
    """What good weeks have taught about one feature.

    ``hours`` are the documents in each cell, missing and outside last, by hour of the week: [168,
    cells]. ``excess`` is [16]: for each level of start times the variance on the arcsine scale that
    good traffic has beyond sampling. Raises ``ValueError`` for other shapes, negative numbers, and
    counts beyond 2**53.
    """

    hours: tuple[tuple[int, ...], ...]
    excess: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for other shapes and numbers."""
        if len(self.hours) != HOURS or len({*map(len, self.hours)}) != 1:
            message = f"hours must be {HOURS} lists of as many counts"
            raise ValueError(message)
        if not all(0 <= count <= _MAX_COUNT for counts in self.hours for count in counts):
            message = "hours must not be negative, nor beyond 2**53"
            raise ValueError(message)
        if len(self.excess) != LEVELS or not all(0 <= each < math.inf for each in self.excess):
            message = f"excess must be {LEVELS} finite numbers, none of them negative"
            raise ValueError(message)

    @property
    def cells(self) -> int:
        """The number of cells, missing and outside among them."""
        return len(self.hours[0])

    def refuse(self, cells: int) -> None:
        """Raise ``ValueError`` where these are not counts over so many cells."""
        if self.cells != cells:
            message = f"hours must have {cells} counts an hour, found {self.cells}"
            raise ValueError(message)

    def to_json(self) -> JsonObject:
        """Return the fields as plain JSON."""
        return {"hours": [list(counts) for counts in self.hours], "excess": list(self.excess)}

    @classmethod
    def from_json(cls, data: object) -> TaughtCounts:
        """Read the fields; raises ``ValueError`` with a message that names the field."""
        hours: list[object] = required(data, "hours", list)
        counts = []
        for hour, of_hour in enumerate(hours):
            if not _are_counts(of_hour):
                message = f"hours[{hour}] must be a list of whole numbers"
                raise ValueError(message)
            counts.append(tuple(of_hour))
        return cls(tuple(counts), sequence(data, "excess", float))


@dataclass(frozen=True, slots=True)
class Taught:
    """The good windows that a reference has learnt from, and what they say of segments.

    They are of ``documents`` documents, from ``start`` to ``end``, in UTC. ``segments`` has the
    features of each segment, over cells joined as ``guards.drift.cells.grouped_cells`` does.
    Raises ``ValueError`` where the end is not after the start, and for more than eight segments.
    """

    start: datetime
    end: datetime
    documents: int
    segments: Mapping[str, Mapping[str, TaughtCounts]]

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for contradicting moments, and numbers out of bounds."""
        if self.end <= self.start:
            message = "to must be after from"
            raise ValueError(message)
        if not 0 < self.documents <= _MAX_COUNT:
            message = "documents must be between 1 and 2**53"
            raise ValueError(message)
        if len(self.segments) > MAX_WATCHED_SEGMENTS:
            message = f"segments must be at most {MAX_WATCHED_SEGMENTS}, found {len(self.segments)}"
            raise ValueError(message)

    def summary(self) -> JsonObject:
        """Return which windows it was, and the names of the segments, as plain JSON."""
        return {
            "from": rfc3339(self.start),
            "to": rfc3339(self.end),
            "documents": self.documents,
            "segments": sorted(self.segments),
        }

    def to_json(self) -> JsonObject:
        """Return all of it as plain JSON."""
        segments = {
            segment: {name: counts.to_json() for name, counts in features.items()}
            for segment, features in self.segments.items()
        }
        return {**self.summary(), "segments": segments}

    @classmethod
    def from_json(cls, data: object) -> Taught:
        """Read it back; raises ``ValueError`` with a message that names the field."""
        segments = required(data, "segments", dict)
        return cls(
            start=_moment(data, "from"),
            end=_moment(data, "to"),
            documents=required(data, "documents", int),
            segments={name: _segment(segments, name) for name in segments},
        )


def _are_counts(value: object) -> TypeGuard[list[int]]:
    # There are some hundred thousand of them: one name for each would take longer than the rest.
    return isinstance(value, list) and all(type(count) is int for count in value)


def _moment(data: object, name: str) -> datetime:
    text = required(data, name, str)
    try:
        return from_rfc3339(text)
    except (ValueError, OverflowError):
        message = f"{name} must be a moment in UTC, as 2026-03-02T00:00:00Z"
        raise ValueError(message) from None


def _segment(segments: object, segment: str) -> dict[str, TaughtCounts]:
    features = {}
    for name, counts in required(segments, segment, dict).items():
        try:
            features[name] = TaughtCounts.from_json(counts)
        except ValueError as error:
            message = f"segments.{segment}.{name}: {error}"
            raise ValueError(message) from error
    return features
