"""The line of a document: exactly the fields of the contract, and never its text unasked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from guards.comparison.columns_told import ColumnsTold, columns_told
from guards.drift.cells import cells_of, grouped_cells
from guards.drift.described import MAX_NAMED
from guards.drift.features import CHAMPION, live_name
from guards.events.feedback_received import FeedbackReceived
from guards.events.line_size import MAX_LINE_BYTES
from guards.events.log_table import LogTable
from guards.evidence.pair import ChallengerId, Missed
from service.observation import line_writer
from tests.service.observation.recording import ANSWER, SALARY, SENDER, STAMP, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.drift.line_cells import CellDetail
    from tests.service.observation.recording import Recording

SECOND, THIRD = ChallengerId("docs", "2"), ChallengerId("docs", "3")


def test_a_line_has_exactly_the_fields_of_the_contract(record: Callable[..., Recording]) -> None:
    """One line, once the challenger has answered, with both observations side by side."""
    recording = record([SECOND])
    champion = recording.answered(pages="3000", court="NDCA", amount="", sender="never seen")
    assert recording.lines("request.observed") == []
    recording.challengers[0].settle(recording.observation(label=1))
    (line,) = recording.lines("request.observed")
    assert set(line) == STAMP | {
        *("request_id", "observed_at", "origin_run", "segment", "champion", "challengers"),
        *("tokens", "truncated", "unknown", "missing", "coerced", "out_of_range"),
        *("reference", "cells"),
    }
    assert set(line["champion"]) == ANSWER | {
        *("name", "version", "fingerprint", "queue_s", "preprocess_s", "infer_s", "cpu_s")
    }
    (challenger,) = line["challengers"]
    assert set(challenger) == ANSWER | {
        *("name", "version", "ordinal", "status", "reason", "infer_s", "cpu_s"),
        *("agree", "confidence_delta", "js_divergence"),
    }
    assert (line["request_id"], line["segment"], line["origin_run"]) == ("a-17", "emea", "run-1")
    assert datetime.fromisoformat(line["observed_at"]).tzinfo is not None
    assert (line["unknown"], line["missing"]) == ([], [])
    assert (line["coerced"], line["out_of_range"]) == (["pages"], ["pages"])
    assert (line["tokens"] > 2, line["truncated"]) == (True, False)
    assert line["champion"]["label"] == champion.label
    times = [line["champion"][f"{what}_s"] for what in ("queue", "preprocess", "infer", "cpu")]
    assert times == [0.25, 0.125, 0.5, 0.375]
    assert (challenger["infer_s"], challenger["cpu_s"]) == (0.0625, 0.03125)
    assert (challenger["status"], challenger["reason"], challenger["agree"]) == ("ok", None, False)
    assert challenger["confidence_delta"] == pytest.approx(0)
    assert challenger["js_divergence"] > 0.1


def test_private_columns_are_not_named(record: Callable[..., Recording]) -> None:
    """That a private value was unknown or missing is told of no document; of others it is."""
    recording = record()
    recording.answered(pages="", court="never seen", amount="", sender="nor this")
    (line,) = recording.lines("request.observed")
    assert (line["unknown"], line["missing"]) == (["court"], ["pages"])


@pytest.mark.parametrize("detail", ["grouped", "full", "none"])
def test_the_cells_of_a_document(record: Callable[..., Recording], detail: CellDetail) -> None:
    """One for each feature of the reference that is not private, as finely as was asked for."""
    recording = record(cells=detail)
    recording.answered(pages="12", court="NDCA", amount="5", sender="nor this")
    (line,) = recording.lines("request.observed")
    reference = recording.bundle.reference
    assert line["reference"] == reference.fingerprint
    if detail == "none":
        assert "cells" not in line
        return
    told = [name for name, each in reference.features.items() if not each.private]
    cells = dict(zip(told, line["cells"], strict=True))
    court = cells_of(reference.features["court"]).index("NDCA")
    if detail == "grouped":
        court = grouped_cells(reference.features["court"])[court]
    assert cells["court"] == court
    assert not {"amount", "sender"} & cells.keys()


def test_the_log_tells_which_columns_are_private(record: Callable[..., Recording]) -> None:
    """By name only: who trains on what was captured learns what is not there."""
    recording = record(capture="all")
    recording.recorder.lines.describe()
    for _ in range(30):
        recording.answered(pages="12", court="NDCA", amount=SALARY, sender=SENDER)
    recording.recorder.flush()
    assert SENDER not in recording.text()
    with LogTable.read([recording.path]) as log:
        told = columns_told(log, recording.bundle.reference.fingerprint)
    assert told == ColumnsTold(("pages",), ("court",), ("amount", "sender"))


@pytest.mark.parametrize("detail", ["grouped", "full", "none"])
def test_the_log_tells_what_the_cells_are(
    record: Callable[..., Recording], detail: CellDetail
) -> None:
    """The features of a line in their order, without private ones, and few of their values."""
    recording = record(cells=detail)
    recording.recorder.lines.describe()
    lines = recording.lines("drift.reference")
    if detail == "none":
        assert lines == []
        return
    reference = recording.bundle.reference
    told = [feature for line in lines for feature in line["features"]]
    names = [
        live_name(name, CHAMPION) for name, each in reference.features.items() if not each.private
    ]
    assert [feature["name"] for feature in told] == names
    assert {(line["reference"], line["cells"]) for line in lines} == {
        (reference.fingerprint, detail)
    }
    assert [line["part"] for line in lines] == list(range(1, lines[0]["parts"] + 1))
    assert max(map(len, recording.text().splitlines())) < MAX_LINE_BYTES
    named = {feature["name"]: feature.get("categories", {}).values() for feature in told}
    assert "NDCA" in named["court"]
    assert all(
        len(values) <= MAX_NAMED for name, values in named.items() if name != "champion.label"
    )
    assert set(named["champion.label"]) == set(recording.bundle.labels)


def test_every_day_of_a_log_tells_what_the_cells_are(
    record: Callable[..., Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are rotated, and whoever reads the last one has not the first."""
    recording = record()
    recording.recorder.flush()
    assert recording.lines("drift.reference") == []
    monkeypatch.setattr(line_writer, "_DESCRIBED_S", 0.0)
    recording.recorder.flush()
    assert recording.lines("drift.reference") != []


def test_only_an_exclusive_pass_of_the_champion_is_marked(
    record: Callable[..., Recording],
) -> None:
    """Its processor time lacks that of helper threads, and a challenger has none."""
    recording = record([SECOND])
    for exclusive in (True, False):
        recording.exclusive = exclusive
        recording.answered()
        recording.challengers[0].settle(recording.observation(label=0))
    marked, plain = recording.lines("request.observed")
    assert marked["champion"]["exclusive"] is True
    assert "exclusive" not in plain["champion"]
    assert "exclusive" not in marked["challengers"][0] | plain["challengers"][0]


def test_a_missed_document_says_why(record: Callable[..., Recording]) -> None:
    """The line of a document that challengers missed still stands, with the reasons."""
    recording = record([SECOND, THIRD])
    recording.answered()
    recording.challengers[1].settle(Missed.TIMEOUT)
    recording.challengers[0].settle(Missed.CHALLENGER_DOWN)
    (line,) = recording.lines("request.observed")
    assert [list(challenger.values()) for challenger in line["challengers"]] == [
        ["docs", "2", 1, "missed", "challenger_down"],
        ["docs", "3", 1, "timeout", "timeout"],
    ]
    assert list(line["challengers"][0]) == ["name", "version", "ordinal", "status", "reason"]


def test_two_challengers_of_one_bundle_differ_by_their_ordinal(
    record: Callable[..., Recording],
) -> None:
    """Both log the version of the bundle, in the order of the settings."""
    recording = record([SECOND, ChallengerId("docs", "2", 2)])
    recording.answered()
    recording.challengers[1].settle(recording.observation(label=0))
    recording.challengers[0].settle(Missed.ERROR)
    (line,) = recording.lines("request.observed")
    entries = [
        (entry["version"], entry["ordinal"], entry["status"]) for entry in line["challengers"]
    ]
    assert entries == [("2", 1, "error"), ("2", 2, "ok")]


def test_without_challengers_the_line_is_written_at_once(record: Callable[..., Recording]) -> None:
    """A champion alone is logged too."""
    recording = record()
    recording.answered()
    (line,) = recording.lines("request.observed")
    assert line["challengers"] == []


@pytest.mark.parametrize(
    ("capture", "agreeing", "disagreeing"),
    [("none", False, False), ("disagreements", False, True), ("all", True, True)],
)
def test_documents_are_captured_only_when_asked(
    record: Callable[..., Recording], capture: str, *, agreeing: bool, disagreeing: bool
) -> None:
    """By default no text is in any line; private columns are in none, whatever is captured."""
    recording = record([SECOND], capture=capture)
    for label in (0, 1):
        recording.answered(str(label), label=0, pages=3, amount=SALARY, sender=SENDER)
        recording.challengers[0].settle(recording.observation(label))
    recording.recorder.feedback([FeedbackReceived("0", "contract")])
    recording.recorder.flush()
    lines = recording.lines("request.observed")
    assert ["document" in line for line in lines] == [agreeing, disagreeing]
    captured = [line["document"] for line in lines if "document" in line]
    assert captured == [{"text": TEXT, "features": {"pages": 3}}] * (agreeing + disagreeing)
    if capture == "none":
        assert TEXT not in recording.text()
    assert SENDER not in recording.text()
    assert str(SALARY) not in recording.text()
