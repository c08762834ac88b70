"""Reads the windows of logs that a reference learns from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.drift.good_counts import GoodCounts
from guards.drift.teaching import MIN_MINUTES
from guards.errors import CallError
from guards.events.drift_window import DriftWindow
from guards.events.reading import LogReader
from guards.moments import rfc3339
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from guards.drift.good_counts import Lesson
    from guards.drift.reference import Reference
    from guards.events.reading import LogAccount
    from guards.json_types import JsonMapping

__all__ = ["GoodPeriod", "GoodWindows", "read_good_windows"]

_MALFORMED = (AttributeError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class GoodPeriod:
    """From ``start`` up to ``end``, in UTC: a window lies in it from its start to its end.

    Raises ``CallError`` for less than two weeks.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Raise ``CallError`` for less than two weeks."""
        days = (self.end - self.start).total_seconds() / 86_400
        if days < 14:  # noqa: PLR2004 (two weeks)
            found = "FROM is after TO" if days < 0 else f"{self} is {days:.3g} days"
            message = (
                f"--good: {found}; give at least two weeks, since each is compared with the others"
            )
            raise CallError(message)

    def __str__(self) -> str:
        """Return both ends as text."""
        return f"{rfc3339(self.start)}..{rfc3339(self.end)}"

    def holds(self, window: DriftWindow) -> bool:
        """Return whether a window lies in it."""
        return self.start <= window.start and window.end <= self.end


@dataclass(frozen=True, slots=True)
class GoodWindows:
    """What was counted in so many ``windows`` of ``documents``, from ``start`` to ``end``.

    ``elsewhere`` windows lay outside of the period, ``others`` counts those inside by the
    fingerprint of another reference, and ``malformed`` ones had other counts than windows of this
    reference have.
    """

    counts: GoodCounts
    windows: int
    documents: int
    start: datetime
    end: datetime
    elsewhere: int
    others: JsonMapping
    malformed: int
    account: LogAccount

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, in words."""
        account = self.account
        malformed = self.malformed + account.malformed + account.torn
        counted = (
            *(
                (windows, f"windows of the reference {name}")
                for name, windows in self.others.items()
            ),
            (self.elsewhere, "windows outside of the period"),
            (account.incomplete, "windows of which a part is missing"),
            (malformed, "windows that are torn or malformed"),
            (account.newer_schema, "windows of a newer schema"),
        )
        broken = [f"{each.path} is read up to where it breaks" for each in account.broken]
        return (*(f"left out: {count:,} {what}" for count, what in counted if count), *broken)

    def learn(self, progress: Callable[[], object] = lambda: None) -> Lesson:
        """Return what they teach; ``progress`` is called after each series."""
        return self.counts.learn(self.start, self.end, self.documents, progress)


def read_good_windows(
    logs: Sequence[Path],
    reference: Reference,
    period: GoodPeriod,
    progress: Callable[[int], object] | None = None,
) -> GoodWindows:
    """Add up the windows of a reference in a period, of any replicas and runs.

    A reference is known by its fingerprint, and with it the champion, whose answers to the held-out
    rows it counts. ``progress`` is called with the bytes of each block that was read. Raises
    ``CallError`` where a log cannot be read, and where the windows are of less than two weeks.
    """
    counts, fingerprint = GoodCounts(reference), reference.fingerprint
    others: Counter[str] = Counter()
    elsewhere = malformed = windows = documents = 0
    starts, ends = [], []
    reader = LogReader(logs, DriftWindow.name, progress)
    for line in reader:
        window = line.event
        if not isinstance(window, DriftWindow):
            continue
        if not period.holds(window):
            elsewhere += 1
        elif window.reference != fingerprint:
            others[window.reference] += 1
        elif _added(counts, window):
            windows += 1
            documents += window.documents
            starts.append(window.start)
            ends.append(window.end)
        else:
            malformed += 1
    if not documents:
        raise CallError(_none(fingerprint, period, others, elsewhere))
    start, end = min(starts), max(ends)
    minutes = (end - start).total_seconds() / 60
    if minutes < MIN_MINUTES:
        message = (
            f"the {windows:,} windows of this reference in the period reach from {rfc3339(start)} "
            f"to {rfc3339(end)}, {minutes / 1440:.3g} days; at least two weeks are needed, since "
            "each is compared with the others: give more logs, or a longer period"
        )
        raise CallError(message)
    return GoodWindows(
        counts, windows, documents, start, end, elsewhere, dict(others), malformed, reader.account
    )


def _added(counts: GoodCounts, window: DriftWindow) -> bool:
    try:
        counts.add(window.week_minute, window.counts)
    except _MALFORMED:
        return False
    return True


def _none(fingerprint: str, period: GoodPeriod, others: Counter[str], elsewhere: int) -> str:
    observed = f"no window of the reference {fingerprint} lies in {period}"
    if others:
        return (
            f"{observed}, and {others.total():,} of {listed(sorted(others))} do; give the bundle "
            "that served then"
        )
    if elsewhere:
        return f"{observed}, and {elsewhere:,} windows lie outside; give another period"
    return f"{observed}, nor any other window; give the logs of that time"
