"""Which documents of a period are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis import drawn_documents
from guards.diagnosis.drawn_documents import DrawnDocuments
from guards.diagnosis.periods import parse_period
from guards.events.captured import CapturedDocument
from guards.events.log_table import LogTable
from tests.guards.diagnosis.traffic import BAD, GOOD, Traffic, write_log

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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
        moment = "2026-03-02T00:00:00Z"
        lines = [
            CapturedDocument(name, "replica-1-good", moment, name, {"pages": pages})
            for name in both
            for pages in (1, 2)
        ]
        drawn = []
        for documents in (lines, lines[::-1]):
            draws = [
                DrawnDocuments(log, period, len(ids[period]), 9, lambda line: line)
                for period in (good, bad)
            ]
            for line in documents:
                draws[0].add_captured(line, draws[1])
            drawn.append(draws[0].drawn)
            assert draws[0].sampled
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 9
    assert {each.text for each in drawn[0]} <= set(ids[good])
    assert {each.features["pages"] for each in drawn[0]} == {2}


def test_an_id_of_both_periods_is_known_without_a_rank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a million documents few have a rank: the others still tell whose text it is."""
    path = write_log(Traffic(per_hour=1), tmp_path / "log.jsonl")
    good, bad = (parse_period(text, "--good", ()) for text in (GOOD, BAD))
    with LogTable.read([path]) as log:
        first, *_ = log.observed(good.start_us, good.end_us)
        monkeypatch.setattr(drawn_documents, "_MAX_RANKED", 0)
        unranked = DrawnDocuments(log, good, len(first.request_ids), 9, lambda line: line)
        monkeypatch.undo()
        assert all(unranked.has(name) and not unranked.wants(name) for name in first.request_ids)
        assert not unranked.has("elsewhere")
        other = next(log.observed(bad.start_us, bad.end_us)).request_ids
        assert not any(map(unranked.has, other))
        ranked = DrawnDocuments(log, good, len(first.request_ids), 9, lambda line: line)
        late = CapturedDocument(first.request_ids[0], "run", "2026-03-05T00:00:00Z", "", {})
        ranked.add_captured(late, unranked)
        assert ranked.drawn == []
