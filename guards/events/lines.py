"""One line of the log: from its bytes to its stamp and its event."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from guards.errors import UnderstudyError
from guards.events.events import EVENTS, SCHEMA
from guards.events.line_types import check_types, is_whole
from guards.moments import from_rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from guards.events.events import Event
    from guards.json_types import JsonMapping

__all__ = ["LogLine", "Malformed", "ReadLine", "Stamp", "Torn", "read_line"]

_MALFORMED = (AttributeError, KeyError, OverflowError, TypeError, ValueError)


class Torn(UnderstudyError):
    """A line is no whole JSON."""


class Malformed(UnderstudyError):
    """A line lacks something that every line or its event has, or has it in another type."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and where a line was emitted: the ``seq``-th line of one run of one replica."""

    timestamp: datetime
    schema: int
    replica: str
    run: str
    seq: int

    @classmethod
    def from_json(cls, line: JsonMapping) -> Stamp:
        """Read the stamp of a line; ``KeyError``, ``TypeError`` or ``ValueError`` if malformed."""
        moment = from_rfc3339(line["timestamp"])
        stamp = cls(moment, *(line[name] for name in ("schema", "replica", "run", "seq")))
        for text in (stamp.replica, stamp.run):
            # Texts that UTF-8 cannot encode are none.
            str.encode(text)
        if not all(is_whole(number) and number > 0 for number in (stamp.schema, stamp.seq)):
            message = "schema and seq of a line are whole numbers of 64 bits from 1 on"
            raise ValueError(message)
        return stamp


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log: its stamp, and the event."""

    stamp: Stamp
    event: Event


class ReadLine(NamedTuple):
    """A whole line; ``event`` is None where it is unknown or of a newer schema."""

    stamp: Stamp
    event: Event | None
    fields: JsonMapping


def read_line(data: bytes) -> ReadLine:
    """Read the bytes of a line; raises ``Torn`` or ``Malformed``."""
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Torn from error
    try:
        stamp = Stamp.from_json(fields)
        kind = EVENTS.get(fields["event"]) if stamp.schema <= SCHEMA else None
        event = kind.from_json(fields) if kind else None
        if event is not None:
            check_types(event, fields)
    except _MALFORMED as error:
        raise Malformed from error
    return ReadLine(stamp, event, fields)
