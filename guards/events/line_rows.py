"""From a line that Python has read to the rows of the tables that hold a log."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import pyarrow as pa

from guards.events.events import SCHEMA
from guards.events.request_observed import RequestObserved
from guards.evidence.columns import COMPARED
from guards.evidence.pair import Missed
from guards.moments import microseconds

if TYPE_CHECKING:
    from guards.answer import Observation
    from guards.events.feedback_received import FeedbackReceived
    from guards.events.lines import ReadLine
    from guards.evidence.pair import Pair
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["FEEDBACK", "LINES", "LineKind", "feedback_row", "line_row"]


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
    ]
)
"""A row for each line, ``position`` its number; moments are in microseconds since 1970, UTC.

The fields from ``request_id`` on are those of observed requests, and null in other lines.
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


def _kind(line: ReadLine) -> LineKind:
    if line.event is None:
        return LineKind.NEWER if line.stamp.schema > SCHEMA else LineKind.UNKNOWN
    return LineKind.OBSERVED if isinstance(line.event, RequestObserved) else LineKind.OTHER


def _observed(event: RequestObserved, fields: JsonMapping) -> JsonObject:
    entries = zip(event.pairs, fields["challengers"], strict=True)
    return {
        "request_id": event.request_id,
        "observed_at": microseconds(event.observed_at),
        "segment": event.segment,
        "tokens": event.tokens,
        **event.model.to_json(),
        "champion": _answer(event.champion, fields["champion"]),
        "challengers": [_outcome(pair, entry) for pair, entry in entries],
    }


def _outcome(pair: Pair, entry: JsonMapping) -> JsonObject:
    row = {**pair.challenger.to_json(), "outcome": COMPARED, "comparable": False}
    if isinstance(pair.outcome, Missed) or pair.comparison is None:
        return row | {"outcome": entry["reason"]}
    theirs, ours = pair.outcome.answer, pair.champion.answer
    row["comparable"] = ours.label in theirs.probabilities and theirs.label in ours.probabilities
    row["divergence"] = float(pair.comparison.js_divergence)
    return row | _answer(pair.outcome, entry)


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


def _float(value: float | None) -> float | None:
    # Arrow takes no whole number for a float that cannot hold it exactly.
    return None if value is None else float(value)
