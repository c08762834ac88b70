"""Read back from the log what the three days looked like."""

from __future__ import annotations

import json
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from guards.drift import Reference, merge, score
from guards.drift.features import live_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["DayReport", "read_days", "table"]

_MOST_MOVED = 3


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


def read_days(
    log: Path, titles: Mapping[str, str], reference: Mapping[str, Any]
) -> Iterator[DayReport]:
    """Yield a report for each prefix of request ids in ``titles``, in that order.

    ``reference`` is the JSON of the champion's reference, which the day's merged windows are
    scored against.
    """
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    observed: dict[str, list[dict[str, Any]]] = {prefix: [] for prefix in titles}
    for line in lines:
        if line["event"] == "request.observed":
            observed.get(line["request_id"].partition("-")[0], []).append(line)
    windows = [line for line in lines if line["event"] == "drift.window"]
    for prefix, title in titles.items():
        if observed[prefix]:
            counted: dict[str, Any] = {}
            for snapshot in _windows_of(observed[prefix], windows):
                counted = merge(counted, snapshot)
            yield _report(title, observed[prefix], counted, Reference.from_json(reference))


def _windows_of(
    observed: Sequence[Mapping[str, Any]], windows: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the input counts of windows that overlap with these observations in time.

    A day begins only after the last window of the day before was flushed, so none holds both.
    """
    moments = [line["observed_at"] for line in observed]
    for line in windows:
        bounds = line["window"]
        if bounds["start"] <= max(moments) and min(moments) <= bounds["end"]:
            yield line["counts"]["features"]


def table(days: Sequence[DayReport]) -> str:
    """Lay the days out side by side for a terminal."""
    rows = [
        ("", *(day.title for day in days)),
        ("documents", *(str(day.documents) for day in days)),
        ("answered 'invoice'", *(f"{day.invoices:.0%}" for day in days)),
        ("new categories", *(", ".join(day.new_categories) or "-" for day in days)),
        ("champion's confidence", *(f"{day.champion_confidence:.3f}" for day in days)),
        ("challenger's confidence", *(f"{day.challenger_confidence:.3f}" for day in days)),
        ("they agree on", *(f"{day.agreement:.1%}" for day in days)),
        *(
            ("moved most" if place == 0 else "", *(_nth(day.moved, place) for day in days))
            for place in range(_MOST_MOVED)
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _report(
    title: str,
    observed: Sequence[Mapping[str, Any]],
    counted: Mapping[str, Any],
    reference: Reference,
) -> DayReport:
    compared = [line["challengers"][0] for line in observed]
    compared = [challenger for challenger in compared if challenger["status"] == "ok"]
    return DayReport(
        title=title,
        documents=len(observed),
        invoices=fmean(line["champion"]["label"] == "invoice" for line in observed),
        champion_confidence=fmean(line["champion"]["confidence"] for line in observed),
        challenger_confidence=fmean(challenger["confidence"] for challenger in compared),
        agreement=fmean(challenger["agree"] for challenger in compared),
        moved=tuple(_moved(counted, reference)),
        new_categories=tuple(
            category
            for feature in counted.values()
            for category, documents in feature.get("new", {}).items()
            if documents > len(observed) // 100
        ),
    )


def _moved(counted: Mapping[str, Any], reference: Reference) -> Iterator[str]:
    """Name the features furthest beyond what chance alone would do, with their distance."""
    scores = {
        name: score(feature, counted[live_name(name, "champion")])
        for name, feature in reference.features.items()
        if live_name(name, "champion") in counted
    }
    beyond = {
        name: found for name, found in scores.items() if (found.value or 0.0) > found.null_band
    }
    ranked = sorted(beyond, key=lambda name: -(beyond[name].value or 0.0) / beyond[name].null_band)
    for name in ranked[:_MOST_MOVED]:
        yield f"{live_name(name, 'champion')} ({beyond[name].metric} {beyond[name].value:.2f})"


def _nth(values: Sequence[str], place: int) -> str:
    return values[place] if place < len(values) else ""
