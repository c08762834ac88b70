"""Decides when the log line of a document is written, which tells what its challengers made of it.

It waits for the last of them, except during a stop, which may be cut short: then lines are written
first, with what is awaited as ``pending``, and each outcome follows in a line of its own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from guards.events.drift_reference import reference_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.evidence.pair import ChallengerId
    from service.observation.log_line import LogLines
    from service.shadow.interface import PendingComparison
    from service.telemetry.log import EventLog

__all__ = ["LineWriter"]

_DESCRIBED_S = 86_400.0
"""A day of the log tells by itself what its lines are about, wherever a file of it begins."""


class LineWriter:
    """Writes one line for each document, and the outcomes that come later; for one event loop."""

    def __init__(self, lines: LogLines, log: EventLog, challengers: Sequence[ChallengerId]) -> None:
        """Write to ``log`` what ``lines`` builds, in the order of ``challengers``."""
        self._lines = lines
        self._log = log
        self._challengers = challengers
        self._waiting: dict[PendingComparison, None] = {}
        self._waits = True
        self._described_s = time.monotonic()

    def describe(self) -> None:
        """Write what the cells in the lines are."""
        self._described_s = time.monotonic()
        described = self._lines.described
        if described.features:
            for part in reference_parts(described):
                self._log.emit(part)

    def describe_daily(self) -> None:
        """Write it again once a day has passed."""
        if time.monotonic() - self._described_s >= _DESCRIBED_S:
            self.describe()

    def answered(self, pending: PendingComparison) -> None:
        """Receive a document, after it was offered to the challengers; it may be settled already.

        One whose last outcome has come was written with that.
        """
        if pending.awaited and self._waits:
            self._waiting[pending] = None
        elif not pending.is_written:
            self._write(pending)

    def settled(self, challenger: ChallengerId, pending: PendingComparison) -> None:
        """Receive an outcome, which ``pending`` holds."""
        if pending.is_written:
            event = self._lines.completed(pending, challenger)
            self._log.emit(event, _captured_bytes(event.document, pending))
        elif not pending.awaited:
            self._waiting.pop(pending, None)
            self._write(pending)

    def write_ahead(self) -> None:
        """Write all that waits, and from now on every document when it is answered."""
        self._waits = False
        for pending in self._waiting:
            self._write(pending)
        self._waiting.clear()

    def _write(self, pending: PendingComparison) -> None:
        event = self._lines.event(pending, self._challengers)
        pending.is_written = True
        self._log.emit(event, _captured_bytes(event.document, pending))


def _captured_bytes(document: object, pending: PendingComparison) -> int:
    return 0 if document is None else pending.document.memory_bytes
