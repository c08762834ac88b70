"""Read back from the log what the three days looked like."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING

from guards.answer import Observation
from guards.drift.distance import score
from guards.drift.features import CHAMPION, live_name
from guards.drift.reference import Reference
from guards.drift.sketch import merge
from guards.events.alarms import DriftAlarm
from guards.events.drift_window import DriftWindow
from guards.events.reading import LogReader
from guards.events.request_observed import RequestObserved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from guards.events.lines import LogLine
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["DayReport", "read_days", "table"]

_MAX_MOVED = 3


@dataclass(frozen=True, slots=True)
class DayReport:
    """What the log says of one day."""

    title: str
    documents: int
    invoices: float
    champion_confidence: float
    challenger_confidence: float
    agreement: float
    moved: tuple[str, ...]
    new_categories: tuple[str, ...]
    alarms: tuple[str, ...]


def read_days(log: Path, titles: Mapping[str, str], reference: JsonMapping) -> Iterator[DayReport]:
    """Yield a report for each prefix of request ids in ``titles``, in that order.

    The day's merged windows are scored against ``reference``, the JSON of the champion's. A day
    begins only after the last window of the day before was flushed, so no window holds both.
    """
    sealed, lines = Reference.from_json(reference), list(LogReader([log]))
    events = [line.event for line in lines]
    windows = [event for event in events if isinstance(event, DriftWindow)]
    requests = [event for event in events if isinstance(event, RequestObserved)]
    alarms = _by_last_request(lines)
    for prefix, title in titles.items():
        day = [request for request in requests if request.request_id.startswith(f"{prefix}-")]
        if day:
            first, last = (pick(request.observed_at for request in day) for pick in (min, max))
            counts: JsonObject = {}
            for window in windows:
                if window.start <= last and first <= window.end:
                    counts = merge(counts, window.counts["features"])
            yield replace(_report(title, day, counts, sealed), alarms=tuple(alarms[prefix]))


def _by_last_request(lines: Sequence[LogLine]) -> Mapping[str, list[str]]:
    """Return the words of alarms by the prefix of the last request before them."""
    alarms: defaultdict[str, list[str]] = defaultdict(list)
    prefix = ""
    for line in sorted(lines, key=lambda line: line.stamp.seq):
        if isinstance(line.event, RequestObserved):
            prefix = line.event.request_id.partition("-")[0]
        elif isinstance(line.event, DriftAlarm):
            alarms[prefix].append(f"{line.event.words} ({line.event.severity})")
    return alarms


def _report(
    title: str, day: Sequence[RequestObserved], counts: JsonMapping, reference: Reference
) -> DayReport:
    answers = [request.champion.answer for request in day]
    shadows = [outcome for request in day for outcome in request.outcomes]
    outcomes = [shadow.outcome for shadow in shadows if isinstance(shadow.outcome, Observation)]
    return DayReport(
        title=title,
        documents=len(day),
        invoices=fmean(answer.label == "invoice" for answer in answers),
        champion_confidence=fmean(answer.confidence for answer in answers),
        challenger_confidence=fmean(outcome.answer.confidence for outcome in outcomes),
        agreement=fmean(one.comparison.agree for one in shadows if one.comparison),
        moved=_moved(counts, reference),
        new_categories=tuple(
            category
            for feature in counts.values()
            for category, documents in feature.get("new", {}).items()
            if documents > len(day) // 100
        ),
        alarms=(),
    )


def _moved(counts: JsonMapping, reference: Reference) -> tuple[str, ...]:
    """Return the features furthest beyond their null band, with their distances."""
    shifts = []
    for sealed_name, feature in reference.features.items():
        name = live_name(sealed_name, CHAMPION)
        if name in counts:
            result = score(feature, counts[name])
            if result.value is not None and result.value > result.null_band:
                text = f"{name} ({result.metric} {result.value:.2f})"
                shifts.append((result.value / result.null_band, text))
    return tuple(text for _, text in sorted(shifts, reverse=True)[:_MAX_MOVED])


def table(days: Sequence[DayReport]) -> str:
    """Return the days side by side for a terminal."""
    rows: list[tuple[str, ...]] = [
        ("", *(day.title for day in days)),
        ("documents", *(str(day.documents) for day in days)),
        ("answered 'invoice'", *(f"{day.invoices:.0%}" for day in days)),
        ("new categories", *(", ".join(day.new_categories) or "-" for day in days)),
        ("champion's confidence", *(f"{day.champion_confidence:.3f}" for day in days)),
        ("challenger's confidence", *(f"{day.challenger_confidence:.3f}" for day in days)),
        ("they agree on", *(f"{day.agreement:.1%}" for day in days)),
        ("alarms", *(str(len(day.alarms)) for day in days)),
    ]
    for index in range(_MAX_MOVED):
        moved = ("".join(day.moved[index : index + 1]) for day in days)
        rows.append(("" if index else "moved most", *moved))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
