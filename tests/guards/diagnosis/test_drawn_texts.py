"""Which texts of a period are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guards.diagnosis import drawn_documents, drawn_texts
from guards.diagnosis.drawn_texts import DrawnTexts
from guards.diagnosis.periods import EVERYTHING, Period, parse_period
from guards.events.captured import CapturedDocument
from guards.events.log_table import LogTable
from tests.guards.diagnosis.traffic import BAD, GOOD, Traffic, write_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIRST, SECOND = (parse_period(text, "--good", ()) for text in (GOOD, BAD))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogTable]:
    """Return the log of some two hundred documents, half of them in each period."""
    path = write_log(Traffic(per_hour=2), tmp_path_factory.mktemp("log") / "log.jsonl")
    with LogTable.read([path]) as table:
        yield table


def _ids(log: LogTable, period: Period) -> list[str]:
    batches = list(log.observed(period.start_us, period.end_us))
    return [name for columns in batches for name in columns.request_ids]


def _drawn(log: LogTable, ids: Iterable[str], period: Period = FIRST) -> DrawnTexts:
    drawn = DrawnTexts(log, period, len(_ids(log, period)))
    for name in ids:
        drawn.add(name, f"text of {name}")
    return drawn


def test_few_texts_are_all_drawn(log: LogTable) -> None:
    """Those of the period, and of no other one."""
    drawn = _drawn(log, _ids(log, EVERYTHING))
    assert set(drawn.texts) == {f"text of {name}" for name in _ids(log, FIRST)}
    assert not drawn.sampled


def test_many_texts_are_drawn_with_a_fixed_seed(
    log: LogTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as are read, the same ones in whatever order they are found, and not the first."""
    monkeypatch.setattr(drawn_texts, "MAX_TEXTS", 10)
    ids = _ids(log, FIRST)
    drawn, backwards = _drawn(log, ids), _drawn(log, reversed(ids))
    assert drawn.sampled
    assert len(drawn.texts) == 10
    assert drawn.texts == backwards.texts
    assert not set(drawn.texts) <= {f"text of {name}" for name in ids[:40]}


def test_as_many_as_are_read_are_no_sample(log: LogTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is."""
    monkeypatch.setattr(drawn_texts, "MAX_TEXTS", 10)
    ids = _ids(log, FIRST)
    assert not _drawn(log, ids[:10]).sampled
    assert _drawn(log, ids[:11]).sampled


def test_only_ranked_documents_are_looked_for(
    log: LogTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that request ids of any number of documents fit into memory."""
    monkeypatch.setattr(drawn_documents, "_MAX_RANKED", 7)
    drawn = _drawn(log, _ids(log, FIRST))
    assert len(drawn.texts) == 7
    assert drawn.sampled


def test_the_period_of_a_run_has_its_documents_alone(log: LogTable) -> None:
    """Whatever else was observed meanwhile."""
    run = Period.of_run("replica-1-bad")
    ids = _ids(log, SECOND)
    drawn = DrawnTexts(log, run, len(ids))
    for name in _ids(log, EVERYTHING):
        drawn.add(name, name)
    assert set(drawn.texts) == set(ids)


def test_an_id_of_one_period_has_its_text_whenever_that_came(log: LogTable) -> None:
    """As with the outcome of a challenger that was far behind."""
    name = _ids(log, FIRST)[0]
    late = CapturedDocument(name, "replica-1-good", "2026-03-05T12:00:00.000000Z", "late", {})
    first, second = _drawn(log, ()), _drawn(log, (), SECOND)
    first.add_captured(late, second)
    second.add_captured(late, first)
    assert (first.texts, second.texts) == (["late"], [])


def test_an_id_of_both_periods_has_the_text_of_its_moment(log: LogTable) -> None:
    """Clients count anew; and of a document that was sent again, the last text counts."""
    name = _ids(log, FIRST)[0]
    both = DrawnTexts(log, EVERYTHING, len(_ids(log, EVERYTHING)))
    lines = [
        CapturedDocument(name, "replica-1-good", f"2026-03-0{day}T12:00:00.000000Z", text, {})
        for day, text in ((2, "first"), (3, "again"), (4, "of the other period"))
    ]
    lines.append(CapturedDocument(name, "replica-1-good", "yesterday", "of no moment", {}))
    for each in (lines, lines[::-1]):
        drawn = _drawn(log, ())
        for line in each:
            drawn.add_captured(line, both)
        assert drawn.texts == ["again"]


def test_a_long_text_is_read_in_part(log: LogTable) -> None:
    """Its first ten thousand characters."""
    drawn = _drawn(log, ())
    drawn.add(_ids(log, FIRST)[0], "ab" * 10_000)
    assert [len(text) for text in drawn.texts] == [10_000]
