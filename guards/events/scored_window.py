"""What a score in a log was computed from: the counts of its window, and of those before it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from itertools import accumulate
from typing import TYPE_CHECKING

from guards.drift.features import CHAMPION, answer_names
from guards.drift.sketch import merge
from guards.errors import CallError
from guards.events.events import DriftWindow
from guards.events.reading import LogReader
from guards.moments import rfc3339
from guards.text import counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from guards.drift.distance import Score
    from guards.events.lines import LogLine
    from guards.json_types import JsonObject

__all__ = ["ScoredWindow", "find_window"]

_OUTSIDE = ("missing", "infinite", "unknown")


@dataclass(frozen=True, slots=True)
class ScoredWindow:
    """The score of one feature, and the counts of the windows that it is computed from.

    ``reference`` is the fingerprint of what it compares with, None in lines of earlier versions for
    a challenger's own; there the feature's name has no prefix ``who``, but that of answers.
    ``windows`` were scored together, from ``start`` to ``end``, and ``documents`` are in their
    counts: others than in the score where those of a private column were ``held_back``.
    """

    score: Score
    who: str
    reference: str | None
    start: datetime
    end: datetime
    replica: str
    windows: int
    documents: int
    counts: JsonObject
    held_back: bool


def find_window(log: Path, feature: str, at: datetime | None = None) -> ScoredWindow:
    """Return what a feature's score was computed from in the last window of a log.

    Or in the window that covers the moment ``at``. Raises ``CallError`` where the log cannot be
    read, or has no such window, where the window has no score of the feature, or where the log
    lacks a window that was scored together with it.
    """
    reader = LogReader([log], containing=DriftWindow.name.encode())
    runs: dict[str, list[_Told]] = {}
    chosen: dict[str, list[_Told]] = {}
    for line in reader:
        if isinstance(line.event, DriftWindow):
            told = _Told.of(line, line.event, feature)
            run = line.stamp.run
            runs[run] = [*_scored_with(told, runs.get(run, [])), told]
            if at is None:
                chosen = {run: runs[run]}
            elif told.start <= at <= told.end:
                chosen[run] = runs[run]
    if not chosen:
        raise CallError(_absence(log, at, runs, reader.account.incomplete))
    if len(chosen) > 1:
        replicas = listed([windows[-1].replica for windows in chosen.values()])
        message = (
            f"{log}: windows of {len(chosen)} runs cover that moment (replicas {replicas}); "
            "name a log of one of them"
        )
        raise CallError(message)
    (windows,) = chosen.values()
    return _joined(log, feature, windows)


@dataclass(frozen=True, slots=True)
class _Told:
    """What one window tells of a feature; ``names`` are the features that it has scores of."""

    start: datetime
    end: datetime
    replica: str
    names: tuple[str, ...]
    score: Score | None
    who: str
    reference: str | None
    counts: JsonObject
    held_back: int

    @classmethod
    def of(cls, line: LogLine, window: DriftWindow, feature: str) -> _Told:
        """Read what a window tells of the feature, which may be one of a challenger's answers."""
        counts, who = window.counts, CHAMPION
        reference: str | None = window.reference
        group = counts.get("features", {})
        for key, compared in counts.get("challengers", {}).items():
            beside = f"{key}.{CHAMPION}"
            if feature in answer_names(key):
                who, group = key, compared.get("features", {})
                reference = window.challenger_references.get(key)
            elif feature in answer_names(beside):
                who, group = beside, compared.get("champion", {})
        return cls(
            start=window.start,
            end=window.end,
            replica=line.stamp.replica,
            names=tuple(window.scores),
            score=window.scores.get(feature),
            who=who,
            reference=reference,
            counts=group.get(feature, {}),
            held_back=counts.get("withheld", {}).get(feature, 0),
        )


def _scored_with(told: _Told, before: Sequence[_Told]) -> Sequence[_Told]:
    """Return which of the windows before it a window was scored together with."""
    since = None if told.score is None else told.score.since
    starts = [rfc3339(window.start) for window in before]
    # The clock may have been set back: the later of two that begin alike.
    return before[len(starts) - 1 - starts[::-1].index(since) :] if since in starts else ()


def _joined(log: Path, feature: str, windows: Sequence[_Told]) -> ScoredWindow:
    last = windows[-1]
    if last.score is None:
        raise CallError(_no_score(log, feature, last))
    since = last.score.since
    if since not in (None, rfc3339(windows[0].start)):
        message = (
            f"{log}: this score is of windows since {since}, and the log holds none that began "
            "then; name a log that holds them all"
        )
        raise CallError(message)
    try:
        counts: JsonObject = reduce(merge, (window.counts for window in windows), {})
        documents = sum(counts.get("counts", ())) + sum(counts.get(name, 0) for name in _OUTSIDE)
    except (TypeError, ValueError) as error:
        message = f"{log}: the counts of {feature!r} cannot be added: {error}"
        raise CallError(message) from None
    held_back = _held_back(windows)
    if documents != last.score.documents and not held_back:
        message = (
            f"{log}: this score is of {counted(last.score.documents, 'document')}, and its "
            f"{counted(len(windows), 'window')} in the log of {documents}: a line is missing, or a "
            "part of a window; name a whole log"
        )
        raise CallError(message)
    return ScoredWindow(
        score=last.score,
        who=last.who,
        reference=last.reference,
        start=windows[0].start,
        end=last.end,
        replica=last.replica,
        windows=len(windows),
        documents=documents,
        counts=counts,
        held_back=held_back,
    )


def _held_back(windows: Sequence[_Told]) -> bool:
    """Return whether counts were kept for later windows, or came of earlier ones.

    A window that tells what was kept before has it as a negative number.
    """
    kept = list(accumulate(window.held_back for window in windows))
    return kept[-1] != 0 or min(kept) < 0


def _absence(log: Path, at: datetime | None, runs: object, incomplete: int) -> str:
    where = "" if at is None or not runs else f" that covers {rfc3339(at)}"
    parts = f"; {counted(incomplete, 'window')} of it lack a part" if incomplete else ""
    remedy = (
        "a log with lines of the event drift.window is expected"
        if not runs
        else ("--at takes a moment from its start to its end")
    )
    return f"{log}: holds no whole window{where}{parts}; {remedy}"


def _no_score(log: Path, feature: str, window: _Told) -> str:
    close = get_close_matches(feature, window.names, n=3)
    names = f"did you mean {listed(close)}?" if close else f"it has {listed(window.names)}"
    return f"{log}: the window has no score of {feature!r}; {names}"
