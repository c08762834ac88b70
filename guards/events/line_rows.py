"""From a line that Python has read to the rows of the tables that hold a log."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import TYPE_CHECKING

import pyarrow as pa

from guards.answer import Observation
from guards.events.events import SCHEMA
from guards.events.request_observed import RequestObserved
from guards.evidence.columns import COMPARED
from guards.evidence.pair import PENDING
from guards.moments import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from guards.events.comparison_completed import ComparisonCompleted
    from guards.events.drift_window import DriftWindow
    from guards.events.feedback_received import FeedbackReceived
    from guards.events.lines import ReadLine
    from guards.evidence.pair import ShadowOutcome
    from guards.json_types import JsonMapping, JsonObject

__all__ = [
    "TABLES",
    "LineKind",
    "awaited_row",
    "completed_rows",
    "feedback_row",
    "line_row",
    "window_row",
]


class LineKind(IntEnum):
    """What a line is to those who read the tables."""

    OBSERVED = 0
    OTHER = 1
    UNKNOWN = 2
    NEWER = 3


_ANSWER = [
    ("label", pa.string()),
    *((name, pa.float64()) for name in ("confidence", "margin", "entropy", "cpu_s")),
]
_OUTCOME = [
    ("name", pa.string()),
    ("version", pa.string()),
    ("ordinal", pa.int64()),
    ("outcome", pa.string()),
    ("comparable", pa.bool_()),
    ("divergence", pa.float64()),
    *_ANSWER,
]
LINES = pa.schema(
    [
        ("position", pa.int64()),
        ("kind", pa.uint8()),
        ("run", pa.string()),
        ("seq", pa.int64()),
        ("replica", pa.string()),
        ("moment", pa.int64()),
        ("request_id", pa.string()),
        ("observed_at", pa.int64()),
        ("segment", pa.string()),
        ("tokens", pa.int64()),
        ("name", pa.string()),
        ("version", pa.string()),
        ("fingerprint", pa.string()),
        ("champion", pa.struct(_ANSWER)),
        ("challengers", pa.list_(pa.struct(_OUTCOME))),
        ("reference", pa.string()),
        ("cells", pa.list_(pa.int16())),
        ("probabilities", pa.list_(pa.float32())),
    ]
)
"""A row for each line, ``position`` its number; moments are in microseconds since 1970, UTC.

The fields from ``request_id`` on are those of observed requests, and null in other lines.
``probabilities`` are in the order of the sorted labels.
"""
FEEDBACK = pa.schema(
    [
        ("position", pa.int64()),
        ("request_id", pa.string()),
        ("label", pa.string()),
        ("source", pa.string()),
        ("stratum", pa.string()),
        ("inclusion_probability", pa.float64()),
        ("labelled_at", pa.int64()),
    ]
)
"""A row for each line with a true label."""
AWAITED = pa.schema(
    [
        ("position", pa.int64()),
        ("origin_run", pa.string()),
        ("labels", pa.list_(pa.string())),
    ]
)
"""A row for each observed request that awaits an outcome; ``labels`` are those of the champion."""
COMPLETED = pa.schema(
    [
        ("position", pa.int64()),
        ("origin_run", pa.string()),
        ("request_id", pa.string()),
        ("labels", pa.list_(pa.string())),
        ("entry", pa.struct(_OUTCOME)),
    ]
)
"""A row for each outcome that came later; ``labels`` are those of a challenger that answered."""
WINDOWS = pa.schema(
    [
        ("position", pa.int64()),
        ("started_at", pa.int64()),
        ("ended_at", pa.int64()),
        ("documents", pa.int64()),
        ("reference", pa.string()),
        ("part", pa.int64()),
        ("parts", pa.int64()),
        ("features", pa.string()),
    ]
)
"""A row for each line of a window; ``features`` is JSON of what it counts of each feature."""

TABLES = {
    "lines": LINES,
    "feedback": FEEDBACK,
    "awaited": AWAITED,
    "completed": COMPLETED,
    "windows": WINDOWS,
}
"""The tables that hold a log, by name."""


def line_row(position: int, line: ReadLine) -> JsonObject:
    """Return the row in ``LINES``."""
    stamp, event, fields = line
    row = {
        "position": position,
        "kind": _kind(line),
        "run": stamp.run,
        "seq": stamp.seq,
        "replica": stamp.replica,
        "moment": microseconds(stamp.timestamp),
    }
    return row | _observed(event, fields) if isinstance(event, RequestObserved) else row


def feedback_row(position: int, event: FeedbackReceived) -> JsonObject:
    """Return the row in ``FEEDBACK``."""
    labelled_at = event.labelled_at
    return {
        "position": position,
        "request_id": event.request_id,
        "label": event.label,
        "source": event.source.value,
        "stratum": event.stratum,
        "inclusion_probability": _float(event.inclusion_probability),
        "labelled_at": None if labelled_at is None else microseconds(labelled_at),
    }


def awaited_row(position: int, event: RequestObserved) -> JsonObject:
    """Return the row in ``AWAITED``."""
    labels = list(event.champion.answer.probabilities)
    return {"position": position, "origin_run": event.origin_run, "labels": labels}


def completed_rows(
    position: int, event: ComparisonCompleted, fields: JsonMapping
) -> Iterator[JsonObject]:
    """Yield the rows in ``COMPLETED``."""
    for shadow, entry in zip(event.outcomes, fields["challengers"], strict=True):
        labels: Iterable[str] = ()
        if isinstance(shadow.outcome, Observation):
            labels = shadow.outcome.answer.probabilities
        yield {
            "position": position,
            "origin_run": event.origin_run,
            "request_id": event.request_id,
            "labels": list(labels),
            "entry": _entry(shadow, entry),
        }


def window_row(position: int, event: DriftWindow) -> JsonObject:
    """Return the row in ``WINDOWS``."""
    return {
        "position": position,
        "started_at": microseconds(event.start),
        "ended_at": microseconds(event.end),
        "documents": event.documents,
        "reference": event.reference,
        "part": event.part,
        "parts": event.parts,
        "features": json.dumps(event.counts.get("features", {})),
    }


def _kind(line: ReadLine) -> LineKind:
    if line.event is None:
        return LineKind.NEWER if line.stamp.schema > SCHEMA else LineKind.UNKNOWN
    return LineKind.OBSERVED if isinstance(line.event, RequestObserved) else LineKind.OTHER


def _observed(event: RequestObserved, fields: JsonMapping) -> JsonObject:
    labels = event.champion.answer.probabilities
    entries = []
    for shadow, entry in zip(event.outcomes, fields["challengers"], strict=True):
        row = _entry(shadow, entry)
        if isinstance(shadow.outcome, Observation):
            theirs = shadow.outcome.answer
            knows = event.champion.answer.label in theirs.probabilities
            row["comparable"] = knows and theirs.label in labels
        entries.append(row)
    return {
        "request_id": event.request_id,
        "observed_at": microseconds(event.observed_at),
        "segment": event.segment,
        "tokens": event.tokens,
        **event.model.to_json(),
        "champion": _answer(event.champion, fields["champion"]),
        "challengers": entries,
        "reference": event.reference,
        "cells": fields.get("cells"),
        "probabilities": _by_label(labels),
    }


def _entry(shadow: ShadowOutcome, entry: JsonMapping) -> JsonObject:
    row = {**shadow.challenger.to_json(), "comparable": False}
    if not isinstance(shadow.outcome, Observation):
        return row | {"outcome": PENDING if shadow.outcome is None else shadow.outcome.value}
    row |= {"outcome": COMPARED, **_answer(shadow.outcome, entry)}
    if shadow.comparison is not None:
        row["divergence"] = float(shadow.comparison.js_divergence)
    return row


def _answer(observation: Observation, entry: JsonMapping) -> JsonObject:
    answer = observation.answer
    return {
        "label": answer.label,
        "confidence": float(answer.confidence),
        "margin": float(answer.margin),
        "entropy": float(answer.entropy),
        # An exclusive pass has helper threads, whose time is not in it.
        "cpu_s": None if entry.get("exclusive") else _float(observation.cpu_s),
    }


def _by_label(probabilities: Mapping[str, float]) -> list[float] | None:
    """Return the values by their sorted labels; None where they are no probabilities."""
    values: list[object] = [probabilities[label] for label in sorted(probabilities)]
    told = [float(value) for value in values if isinstance(value, (int, float)) and 0 <= value <= 1]
    return told if len(told) == len(values) else None


def _float(value: float | None) -> float | None:
    # Arrow takes no whole number for a float that cannot hold it exactly.
    return None if value is None else float(value)
