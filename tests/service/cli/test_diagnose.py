"""What somebody sees who runs ``understudy diagnose``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from guards.diagnosis.findings import CODES
from guards.drift.harm.gate import Harm, Severity
from guards.events.alarms import AlarmEvidence, DriftAlarm
from guards.events.rendering import line_renderer
from guards.moments import from_rfc3339
from load_tests.diagnosis.wide_log import write_wide_log
from tests.guards.diagnosis.traffic import BAD, GOOD, Traffic, write_log
from tests.repository import ROOT
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from guards.json_types import JsonObject
    from tests.guards.diagnosis.traffic import Rows

SCHEMA = json.loads((ROOT / "docs" / "diagnose.schema.json").read_bytes())
DOCS = (ROOT / "docs" / "diagnosis.md").read_text("utf-8")
PERIODS = ("--good", GOOD, "--bad", BAD)


def _renamed(rows: Rows, _: np.random.Generator) -> None:
    rows["court"][rows["court"] == "NDCA"] = "N.D. Cal."


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log in whose second half a category has another name."""
    return write_log(Traffic(change=_renamed), tmp_path_factory.mktemp("worse") / "log.jsonl")


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log without a change."""
    return write_log(Traffic(), tmp_path_factory.mktemp("steady") / "log.jsonl")


def _json(capsys: pytest.CaptureFixture[str]) -> JsonObject:
    document: JsonObject = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(document)
    return document


def test_the_schema_is_one_and_knows_every_code() -> None:
    """A finding that the schema does not know would surprise who reads the JSON."""
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["$defs"]["finding"]["properties"]["code"]["enum"]) == set(CODES)


def test_the_answer_comes_first(worse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then what it rests on, and what to do."""
    assert exit_code("diagnose", worse, *PERIODS) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{CODES['unknown_categories']}: court (restores ")
    told = "\n".join(rest)
    assert "   good: " in told
    assert "NDCA 5" in told
    assert "unknown 5" in told
    assert "   since 2026-03-04T00:00:00" in told
    assert "   next: map the new categories of court" in told
    assert "by rare or unseen kinds: confidence -0.08" in told
    assert "inputs that moved: court (js 0." in told


def test_the_docs_show_what_is_printed(worse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """But for the lines that they leave out."""
    assert exit_code("diagnose", worse, *PERIODS) == 0
    printed = capsys.readouterr().out
    _, _, rest = DOCS.partition("```text\n")
    example, _, _ = rest.partition("```")
    for part in example.split("…\n"):
        assert part in printed


def test_the_report_as_json(worse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It keeps to its schema, and periods that were given are told as they count."""
    assert exit_code("diagnose", worse, *PERIODS, "--json", "--fail-on", "finding") == 1
    document = _json(capsys)
    assert document["found"] is None
    assert document["good"]["period"] == "2026-03-02T00:00:00Z..2026-03-04T00:00:00Z"
    (finding,) = document["findings"]
    assert finding["code"] == "unknown_categories"
    assert finding["restores"]["share"] > 0.8
    assert document["log"]["malformed"] == 0


def test_challengers_and_champions_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How often a challenger agreed in both periods, and when another bundle answered."""
    path = write_wide_log(tmp_path / "log.jsonl", inputs=1)
    assert exit_code("diagnose", path, *PERIODS, "--json") == 0
    document = _json(capsys)
    (challenger,) = document["challengers"]
    assert (challenger["name"], challenger["version"]) == ("docs", "3")
    assert challenger["good"]["compared"] == 480
    assert challenger["good"]["agreement"] > challenger["bad"]["agreement"]
    (change,) = document["timeline"]["champions"]
    assert change["replica"] == "replica-1"
    assert change["at"].startswith("2026-03-04T00:00")


def test_chance_is_no_finding(steady: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, and a pipeline goes on."""
    assert exit_code("diagnose", steady, "--fail-on", "finding") == 0
    assert capsys.readouterr().out.startswith("nothing changed beyond what chance does")
    assert exit_code("diagnose", steady, *PERIODS, "--json", "--fail-on", "finding") == 0
    document = _json(capsys)
    assert document["drop"]["could_be_chance"]
    assert document["findings"] == []


def test_labels_of_a_table_count(
    steady: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By them all letters are wrong in the bad period, as confident as the answers are."""
    lines = [json.loads(line) for line in steady.read_bytes().splitlines()]
    rows = ["request_id,label"]
    for line in lines:
        if line["event"] == "request.observed":
            label = line["champion"]["label"]
            wrong = line["observed_at"] >= "2026-03-04" and label == "letter"
            rows.append(f"{line['request_id']},{'memo' if wrong else label}")
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert exit_code("diagnose", steady, *PERIODS, "--labels", table, "--json") == 0
    document = _json(capsys)
    assert document["drop"]["measure"] == "accuracy"
    change = document["drop"]["changes"]["accuracy"]["change"]
    assert change == pytest.approx(-0.25, abs=0.05)
    assert document["findings"][0]["code"] == "meaning_changed"
    assert document["findings"][0]["evidence"]["classes"] == ["letter"]
    assert document["terms"]["accuracy"]["same_kinds"]["change"] == pytest.approx(change)
    assert document["terms"]["accuracy"]["unseen_kinds"]["interval"] == pytest.approx([0, 0])
    letter, *others = document["residuals"]
    assert letter["class"] == "letter"
    assert letter["bad"]["right"] == 0 < letter["bad"]["expected"]
    assert letter["residual"]["discovered"]
    assert not any(each["residual"]["discovered"] for each in others)
    assert exit_code("diagnose", steady, *PERIODS, "--labels", table) == 0
    told = capsys.readouterr().out
    assert "class answered" in told
    assert "more answers are wrong, where the answer is 'letter'" in told
    (row,) = (line for line in told.splitlines() if line.startswith("letter  "))
    assert " 0.0 % (" in row
    assert row.endswith("beyond chance")
    report = tmp_path / "report.html"
    assert exit_code("diagnose", steady, *PERIODS, "--labels", table, "-o", report) == 0
    assert "Right answers by class" in report.read_text("utf-8")


def test_the_report_is_a_file(worse: Path, tmp_path: Path) -> None:
    """A page or Markdown, by its name; run again, it is the same to the byte."""
    report = tmp_path / "report.html"
    assert exit_code("diagnose", worse, *PERIODS, "-o", report) == 0
    first = report.read_bytes()
    assert first.startswith(b"<!doctype html>")
    assert exit_code("diagnose", worse, *PERIODS, "-o", report) == 0
    assert report.read_bytes() == first
    assert exit_code("diagnose", worse, *PERIODS, "-o", tmp_path / "report.md") == 0
    assert (tmp_path / "report.md").read_text("utf-8").startswith("# a column has categories")


def test_an_alarm_of_the_bad_period_fails(
    steady: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that was raised before it does not; neither needs a finding."""
    for day, code in (("2026-03-03", 0), ("2026-03-05", 1)):
        render = line_renderer("replica-1", "replica-1-alarms")
        moment = from_rfc3339(f"{day}T12:00:00Z")
        alarm = DriftAlarm(
            feature="court",
            segment=None,
            severity=Severity.NOTICE,
            harm=Harm.UNKNOWN,
            evidence=AlarmEvidence(1e9, 1e6, 900, 30),
            score={},
            explains=None,
            kind=None,
            words="court: NDCA 51 % → 12 %",
            since=moment,
        )
        path = tmp_path / "alarms.jsonl"
        path.write_bytes(render(alarm, moment, 1))
        arguments = ("diagnose", steady, path, *PERIODS, "--json", "--fail-on", "alarm")
        assert exit_code(*arguments) == code
        (told,) = _json(capsys)["timeline"]["alarms"]
        assert told["words"] == alarm.words
        assert told["at"].startswith(day)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((*PERIODS, "-o", "report.pdf"), "ends in .html or .md"),
        ((*PERIODS, "-o", "/nowhere/report.html"), "No such file or directory"),
        (("--good", GOOD), "both --good and --bad"),
        (("--good", GOOD, "--bad", GOOD), "overlap"),
        (("--good", "2026-03-05..2026-03-02", "--bad", BAD), "TO must be after FROM"),
        (("--good", "last week", "--bad", BAD), "--good: expected FROM..TO"),
        (("--good", GOOD, "--bad", "2027-01-01..2027-01-02"), "no document was answered then"),
        (("--good", "replica-1-", "--bad", BAD), "2 runs begin so"),
    ],
)
def test_a_wrong_call_is_one_line(
    steady: Path, arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, what was found, and no traceback."""
    assert exit_code("diagnose", steady, *arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert told in printed.err
    assert len(printed.err.strip().splitlines()) == 1


def test_logs_that_hold_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log of a few hours cannot be divided, and one without documents has none."""
    short = write_log(Traffic(), tmp_path / "log.jsonl")
    lines = short.read_bytes().splitlines(keepends=True)
    first_hours = [line for line in lines if b'"observed_at":"2026-03-02T0' in line]
    short.write_bytes(b"".join(lines[:2] + first_hours))
    assert exit_code("diagnose", short) == 2
    assert "less than 20 hours" in capsys.readouterr().err
    short.write_bytes(lines[0])
    assert exit_code("diagnose", short, *PERIODS) == 2
    assert "no answered document" in capsys.readouterr().err
