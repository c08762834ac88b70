"""The confidence over both periods, and what happened meanwhile: alarms, other champions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.blocks import HOUR_US, Blocks
from guards.moments import from_microseconds, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.diagnosis.champion_changes import ChampionChange
    from guards.diagnosis.documents import Documents
    from guards.events.log_table import RaisedAlarm
    from guards.json_types import JsonObject

__all__ = ["Point", "Timeline", "timeline_of"]

_MAX_POINTS = 168


@dataclass(frozen=True, slots=True)
class Point:
    """Documents from one moment (in microseconds since 1970, UTC) on, and their confidence."""

    start_us: int
    documents: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Points of an hour, or of as many as make at most 168 of them, and what happened, in order."""

    points: tuple[Point, ...]
    alarms: tuple[RaisedAlarm, ...]
    champions: tuple[ChampionChange, ...]

    def to_json(self) -> JsonObject:
        """Return everything as plain JSON."""
        return {
            "points": [
                {
                    "from": _moment(point.start_us),
                    "documents": point.documents,
                    "confidence": point.confidence,
                }
                for point in self.points
            ],
            "alarms": [
                {
                    "at": _moment(at),
                    "feature": alarm.feature,
                    "segment": alarm.segment,
                    "severity": alarm.severity.value,
                    "words": alarm.words,
                }
                for _, at, alarm in self.alarms
            ],
            "champions": [change.to_json() for change in self.champions],
        }


def timeline_of(
    periods: tuple[Documents, Documents],
    alarms: Iterable[RaisedAlarm],
    champions: tuple[ChampionChange, ...],
) -> Timeline:
    """Return the points of both periods, and the alarms from the first document to the last."""
    hours = np.concatenate([documents.hours for documents in periods])
    confidence = np.concatenate([documents.confidence for documents in periods])
    moments = np.concatenate([documents.observed_at for documents in periods])
    first_us, last_us = int(moments.min()), int(moments.max())
    width = -(-int(np.ptp(hours) + 1) // _MAX_POINTS)
    blocks = Blocks.of(hours // width, confidence)
    points = tuple(
        Point(name * width * HOUR_US, int(documents), total / documents)
        for name, (documents,), (total,) in zip(
            blocks.names.tolist(), blocks.documents.tolist(), blocks.sums.tolist(), strict=True
        )
    )
    raised = tuple(each for each in alarms if first_us <= each.at_us <= last_us)
    return Timeline(points, raised, champions)


def _moment(us: int) -> str:
    return rfc3339(from_microseconds(us))
