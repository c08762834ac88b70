"""The events of the log: all types by name, and what they have in common.

A new event is a class with its fields as JSON, listed in ``EVENTS``. Renaming or dropping a field
of a line is a breaking change: raise ``SCHEMA``, and let ``from_json`` read the earlier form too. A
field that is added needs a default in ``from_json``, for lines that were written before.

``from_json`` checks that the fields are there, not the type of each: lines are written here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from guards.events.alarms import DriftAlarm, DriftCleared
from guards.events.comparison_completed import ComparisonCompleted
from guards.events.drift_reference import DriftReference
from guards.events.drift_window import DriftWindow
from guards.events.feedback_received import FeedbackReceived
from guards.events.replay_started import ReplayStarted
from guards.events.request_observed import RequestObserved
from guards.events.service_events import (
    BundleRefused,
    ServiceStarted,
    ServiceStopped,
    ServiceStopping,
)
from guards.events.verdict_changed import VerdictChanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["EVENTS", "SCHEMA", "Event", "EventType"]

SCHEMA = 1
"""The schema number that every line carries; renaming or dropping a field raises it."""


class Event(Protocol):
    """Something that happened; ``name`` is the ``event`` field of its line."""

    name: ClassVar[str]

    def to_json(self) -> JsonObject:
        """Return the fields of the line, without its stamp."""


class EventType(Protocol):
    """A class of events, which reads what one of them wrote."""

    @property
    def name(self) -> str:
        """The ``event`` field of its lines."""

    def from_json(self, data: JsonMapping, /) -> Event:
        """Read a line; ``KeyError``, ``TypeError`` or ``ValueError`` where it is malformed."""


EVENTS: Mapping[str, EventType] = {
    event.name: event
    for event in (
        ServiceStarted,
        BundleRefused,
        RequestObserved,
        ComparisonCompleted,
        DriftReference,
        DriftWindow,
        DriftAlarm,
        DriftCleared,
        FeedbackReceived,
        VerdictChanged,
        ReplayStarted,
        ServiceStopping,
        ServiceStopped,
    )
}
"""The type of each event, by its name."""
