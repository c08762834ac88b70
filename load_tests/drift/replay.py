"""Streams documents through windows and alarms, by a clock that is simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from load_tests.drift.answered import watched_names
from service.observation.windows import Windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from guards.drift.reference import Reference
    from guards.events.alarms import DriftAlarm, DriftCleared
    from load_tests.drift.answered import AnsweredTable

    Ints = NDArray[np.int64]

__all__ = ["Told", "estimated_accuracy", "replay"]

_MINUTE_S = 60.0


class Told(NamedTuple):
    """An event, and the minute of the stream after which it came, from 1 on."""

    minute: int
    event: DriftAlarm | DriftCleared


def replay(table: AnsweredTable, reference: Reference, rows: Ints, per_minute: int) -> list[Told]:
    """Observe rows in this order, so many a minute, and return what is raised and cleared."""
    windows = _windows(table, reference)
    alarms = windows.alarms(0)
    told = []
    for minute, start in enumerate(range(0, len(rows), per_minute)):
        _observe(windows, table, rows[start : start + per_minute])
        events = alarms.look(windows.flush(), minute * _MINUTE_S)
        told += [Told(minute + 1, event) for event in events]
    return told


def estimated_accuracy(
    table: AnsweredTable, reference: Reference, rows: Ints
) -> tuple[float, float, float]:
    """Return the accuracy on rows as it is estimated without labels, and its 95 % interval."""
    windows = _windows(table, reference)
    _observe(windows, table, rows)
    windows.flush()
    figure = windows.estimates()["champion"]["accuracy"]
    return figure["value"], figure["low"], figure["high"]


def _windows(table: AnsweredTable, reference: Reference) -> Windows:
    return Windows(
        reference, watched_names(table.bundle), table.bundle.preprocessing.schema.private
    )


def _observe(windows: Windows, table: AnsweredTable, rows: Ints) -> None:
    for row in rows.tolist():
        document = table.encoded.encodings[row].row
        windows.observe(table.values(row), table.answer(row), document)
