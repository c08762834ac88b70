"""Long windows: written in parts, each a line of its own, and joined by whoever reads them.

Readers of logs, and what forwards them, cut lines off or drop them from 16 KiB on. A window whose
line would be longer is therefore emitted as several events of the same bounds, each with some of
the entries of its counts and scores, and with its number (``part``) among them all (``parts``).
Each part is a line with a ``seq`` of its own. Where one is missing, the window is incomplete: it is
counted, and not used.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from guards.events.line_size import MAX_LINE_BYTES, STAMP_BYTES, packed, size_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from guards.events.drift_window import DriftWindow
    from guards.json_types import JsonObject

__all__ = ["WindowParts", "parts_of"]


class _Entry(NamedTuple):
    """One entry of an object in the counts (``group``), or of the scores, which have no group."""

    group: str | None
    key: str
    value: Any


def parts_of(window: DriftWindow, max_bytes: int = MAX_LINE_BYTES) -> tuple[DriftWindow, ...]:
    """Return the window in parts whose lines have up to so many bytes; itself where it is short.

    The entries of each object in the counts, such as a feature, stay whole: one that is longer has
    a longer line. Whatever in the counts is no object is in the first part.
    """
    room = max_bytes - STAMP_BYTES - size_bytes(dict(window.challenger_references))
    parts = packed(_entries(window), room)
    if len(parts) == 1:
        return (window,)
    return tuple(
        replace(_part(window, entries, first=number == 1), part=number, parts=len(parts))
        for number, entries in enumerate(parts, start=1)
    )


class WindowParts:
    """Joins the parts of windows, which come in any order among others.

    Memory depends on the number of windows that are not complete.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, datetime, datetime, int], dict[int, DriftWindow]] = {}

    @property
    def incomplete(self) -> int:
        """The number of windows of which a part is missing so far."""
        return len(self._waiting)

    def add(self, run: str, window: DriftWindow) -> DriftWindow | None:
        """Return the whole window with the last missing part; None before."""
        if window.parts == 1:
            return window
        key = run, window.start, window.end, window.parts
        parts = self._waiting.setdefault(key, {})
        parts[window.part] = window
        if len(parts) < window.parts:
            return None
        del self._waiting[key]
        return _joined([parts[number] for number in sorted(parts)])


def _entries(window: DriftWindow) -> Iterator[tuple[_Entry, int]]:
    """Yield the entries, each with at least the bytes that it takes in a line, with its group."""
    for group, entries in window.counts.items():
        if isinstance(entries, dict):
            for key, value in entries.items():
                yield _Entry(group, key, value), size_bytes(group, key, value)
    written = window.to_json()["scores"]
    for name, score in window.scores.items():
        yield _Entry(None, name, score), size_bytes(name, written[name])


def _part(window: DriftWindow, entries: Sequence[_Entry], *, first: bool) -> DriftWindow:
    counts: JsonObject = {}
    if first:
        counts = {
            group: {} if isinstance(value, dict) else value
            for group, value in window.counts.items()
        }
    for group, key, value in entries:
        if group is not None:
            counts.setdefault(group, {})[key] = value
    scores = {key: value for group, key, value in entries if group is None}
    return replace(window, counts=counts, scores=scores)


def _joined(parts: Sequence[DriftWindow]) -> DriftWindow:
    counts: JsonObject = {}
    for part in parts:
        for group, value in part.counts.items():
            if isinstance(value, dict):
                counts.setdefault(group, {}).update(value)
            else:
                counts[group] = value
    scores = {name: score for part in parts for name, score in part.scores.items()}
    return replace(parts[0], counts=counts, scores=scores, part=1, parts=1)
