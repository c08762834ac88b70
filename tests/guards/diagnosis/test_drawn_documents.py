"""Which documents of a period are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.drawn_documents import DrawnDocuments
from guards.diagnosis.periods import parse_period
from guards.events.captured import CapturedDocument
from guards.events.log_table import LogTable
from tests.guards.diagnosis.traffic import BAD, GOOD, Traffic, write_log

if TYPE_CHECKING:
    from pathlib import Path


def test_any_order_gives_the_same_documents_of_a_period(tmp_path: Path) -> None:
    """Whatever is known of them; of two at one moment, the same one counts."""
    path = write_log(Traffic(per_hour=1), tmp_path / "log.jsonl")
    good, bad = (parse_period(text, "--good", ()) for text in (GOOD, BAD))
    with LogTable.read([path]) as log:
        ids = {
            period: [
                name
                for columns in log.observed(period.start_us, period.end_us)
                for name in columns.request_ids
            ]
            for period in (good, bad)
        }
        both = [*ids[good], *ids[bad]]
        known = [(name, {"pages": pages}) for name in both for pages in (1, 2)]
        drawn = []
        for documents in (known, known[::-1]):
            draw: DrawnDocuments[dict[str, object]] = DrawnDocuments(log, good, len(ids[good]), 9)
            for name, features in documents:
                draw.put(name, {"name": name, **features}, "2026-03-02T00:00:00Z")
            drawn.append(draw.drawn)
            assert draw.sampled
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 9
    assert {each["name"] for each in drawn[0]} <= set(ids[good])
    assert {each["pages"] for each in drawn[0]} == {2}


def test_a_line_of_the_other_period_is_not_wanted(tmp_path: Path) -> None:
    """Also where its request id was used in both."""
    path = write_log(Traffic(per_hour=1), tmp_path / "log.jsonl")
    period = parse_period(GOOD, "--good", ())
    with LogTable.read([path]) as log:
        columns = next(iter(log.observed(period.start_us, period.end_us)))
        name = columns.request_ids[0]
        draw: DrawnDocuments[str] = DrawnDocuments(log, period, len(columns.request_ids), 9)
    lines = [
        CapturedDocument(name, "replica-1-good", f"2026-03-0{day}T12:00:00.000000Z", "text", {})
        for day in (2, 4)
    ]
    assert [draw.wants_line(line) for line in lines] == [True, False]
