"""The documents of a period, as the lines have them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.documents import NO_LABEL, collect
from guards.diagnosis.periods import Period, parse_period
from guards.events.log_table import LogTable
from guards.events.observed_batches import ObservedColumns
from guards.events.reading import LogReader
from guards.events.request_observed import RequestObserved
from guards.evidence.columns import Categories
from guards.moments import microseconds
from tests.guards.diagnosis.traffic import BAD, Replica, Traffic, write_log

if TYPE_CHECKING:
    from pathlib import Path


def test_they_are_those_of_the_lines(tmp_path: Path) -> None:
    """Every value of every document, in the order of their observation; labels where they are."""
    path = write_log(Traffic(per_hour=3, replicas=(Replica("a"), Replica("b"))), tmp_path / "log")
    period = parse_period(BAD, "--bad", ())
    lines = [
        (line.stamp, line.event)
        for line in LogReader([path])
        if isinstance(line.event, RequestObserved)
        and period.start_us <= microseconds(line.event.observed_at) < period.end_us
    ]
    lines.sort(key=lambda line: (line[1].observed_at, line[0].run, line[0].seq))
    labels = {event.request_id: "letter" for _, event in lines[::2]}
    with LogTable.read([path]) as log:
        found = collect(log.observed(period.start_us, period.end_us), period, labels)
    assert len(found) == len(lines) > 100
    events = [event for _, event in lines]
    assert found.observed_at.tolist() == [microseconds(event.observed_at) for event in events]
    assert _texts(found.runs) == [stamp.run for stamp, _ in lines]
    assert _texts(found.replicas) == [stamp.replica for stamp, _ in lines]
    assert _texts(found.champions) == [event.model.fingerprint for event in events]
    assert _texts(found.references) == [event.reference for event in events]
    assert _texts(found.segments) == [event.segment for event in events]
    answers = [event.champion.answer for event in events]
    assert _texts(found.labels) == [answer.label for answer in answers]
    assert found.confidence.tolist() == [answer.confidence for answer in answers]
    assert found.margin.tolist() == [answer.margin for answer in answers]
    assert found.cells.tolist() == [list(event.cells or ()) for event in events]
    expected = [
        int(event.champion.answer.label == "letter") if event.request_id in labels else NO_LABEL
        for event in events
    ]
    assert found.right.tolist() == expected


def test_batches_of_other_names_and_widths_are_put_together() -> None:
    """A run may have fewer features than the one before it, and a document no segment."""
    first = _batch(["a", "b"], ["emea", None], [[1, 2], [3, -1]])
    second = _batch(["b", "c", "b"], [None, "apac", "emea"], [[4], [5], [6]])
    everything = Period(-(2**62), 2**62)
    found = collect([first, second], everything, {})
    assert _texts(found.runs) == ["a", "b", "b", "c", "b"]
    assert _texts(found.segments) == ["emea", None, None, "apac", "emea"]
    assert found.cells.tolist() == [[1, 2], [3, -1], [4, -1], [5, -1], [6, -1]]
    none = math.nan
    told = [[1, 2], [3, -1], [4, none], [5, none], [6, none]]
    np.testing.assert_array_equal(found.probabilities, told)
    of_run = collect([first, second], Period.of_run("b"), {})
    assert of_run.cells.tolist() == [[3, -1], [4, -1], [6, -1]]
    nothing = collect([], everything, {})
    assert (len(nothing), nothing.runs.names) == (0, ())


def _texts(column: Categories) -> list[str | None]:
    return [column.names[code] if code >= 0 else None for code in column.codes.tolist()]


def _batch(runs: list[str], segments: list[str | None], cells: list[list[int]]) -> ObservedColumns:
    same = Categories.of(["x"] * len(runs))
    return ObservedColumns(
        request_ids=runs,
        observed_at=np.arange(len(runs)),
        runs=Categories.of(runs),
        replicas=same,
        champions=same,
        references=same,
        segments=Categories.of(segments),
        labels=same,
        confidence=np.ones(len(runs)),
        margin=np.ones(len(runs)),
        cells=np.array(cells, dtype=np.int16),
        probabilities=np.array(cells, dtype=np.float32),
    )
