"""Words that came and went in what ``understudy diagnose`` prints and writes."""

from __future__ import annotations

import csv
import json
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from tests.guards.diagnosis.captured_texts import NEW, OLD, capture, texts_by_id
from tests.guards.diagnosis.traffic import BAD, GOOD, Traffic, write_log
from tests.repository import ROOT
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np

    from guards.json_types import JsonObject
    from tests.guards.diagnosis.traffic import Rows

SCHEMA = json.loads((ROOT / "docs" / "diagnose.schema.json").read_bytes())
DOCS = (ROOT / "docs" / "diagnosis.md").read_text("utf-8")
PERIODS = ("--good", GOOD, "--bad", BAD)
HOSTILE = "<script> a|b \u202e \x1b \ud800"


def _renamed(rows: Rows, _: np.random.Generator) -> None:
    rows["court"][rows["court"] == "NDCA"] = "N.D. Cal."


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log without texts, in whose second half a category has another name."""
    path = tmp_path_factory.mktemp("worse") / "log.jsonl"
    return write_log(Traffic(change=_renamed, per_hour=10), path)


@pytest.fixture(scope="module")
def texts(worse: Path) -> dict[str, str]:
    """Return its texts, hostile ones in its second half."""
    return {
        name: f"{text} {HOSTILE}" if NEW in text else text
        for name, text in texts_by_id(worse).items()
    }


@pytest.fixture(scope="module")
def captured(worse: Path, texts: Mapping[str, str]) -> Path:
    """Return the log with its texts."""
    return capture(worse, worse.with_name("captured.jsonl"), texts.get)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log without texts in whose second half the model is less sure of all documents."""
    path = tmp_path_factory.mktemp("changed") / "log.jsonl"
    return write_log(Traffic(less={"replica-1": 0.6}, per_hour=10), path)


def _words(capsys: pytest.CaptureFixture[str]) -> JsonObject | None:
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(document)
    words: JsonObject | None = document["words"]
    return words


def _table(path: Path, texts: Mapping[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("request_id", "text"), *texts.items()])
    return path


def test_words_of_captured_documents_are_told(
    captured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With their shares of both periods' documents, on the terminal and on a page."""
    report = tmp_path / "report.html"
    assert exit_code("diagnose", captured, *PERIODS, "-o", report) == 0
    told = capsys.readouterr()
    assert re.search(r"words that came or went: 11 of 7\d, in the texts of \d+ of \d+", told.out)
    assert re.search(rf"\n  {NEW} +none  5\d %\n", told.out)
    assert re.search(rf"\n  {OLD}  49 %  none\n", told.out)
    assert "note:" not in told.err
    page = report.read_text("utf-8")
    assert re.search(rf">{NEW}</th><td>none</td><td>5\d\s%<", page)
    assert re.search(rf">{OLD}</th><td>49\s%</td><td>none<", page)


def test_the_docs_show_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the log that their first example is of, with texts."""
    log = write_log(Traffic(change=_renamed), tmp_path / "log.jsonl")
    with_texts = capture(log, tmp_path / "captured.jsonl", texts_by_id(log).get)
    assert exit_code("diagnose", with_texts, *PERIODS) == 0
    _, _, rest = DOCS.partition("## Words that came and went")
    _, _, example = rest.partition("```text\n")
    assert capsys.readouterr().out.endswith("\n\n" + example.partition("```")[0])


def test_hostile_words_are_text_and_nothing_else(
    captured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal, on a page and in Markdown, whatever clients send."""
    written = {}
    for name in ("report.html", "report.md"):
        assert exit_code("diagnose", captured, *PERIODS, "-o", tmp_path / name) == 0
        written[name] = (tmp_path / name).read_text("utf-8")
    printed = capsys.readouterr().out
    for text in (printed, *written.values()):
        assert {"\\u202e", "\\x1b", "\\ud800"} <= set(re.findall(r"\\[ux][0-9a-f]+", text))
        assert not {"\u202e", "\x1b", "\ud800"} & set(text)
    assert "<script" not in written["report.html"]
    assert '<th scope="row">&lt;</th>' in written["report.html"]
    rows = re.findall(r"(?m)^\| (\\?\S+) \| none \| 5\d % \|$", written["report.md"])
    assert {NEW, "\\|", "\\<", "\\>"} <= set(rows)


def test_a_report_with_words_is_its_owners_alone(
    worse: Path, captured: Path, tmp_path: Path
) -> None:
    """Also where it replaces one without; a report without words is a file like others."""
    for name in ("report.html", "report.md"):
        report = tmp_path / name
        assert exit_code("diagnose", worse, *PERIODS, "-o", report) == 0
        assert stat.S_IMODE(report.stat().st_mode) & stat.S_IRGRP
        assert exit_code("diagnose", captured, *PERIODS, "-o", report) == 0
        assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert {each.name for each in tmp_path.iterdir()} == {"report.html", "report.md"}


def test_a_report_with_words_that_cannot_be_written_is_one_line(
    captured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one without."""
    assert exit_code("diagnose", captured, *PERIODS, "-o", "/nowhere/report.md") == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "/nowhere/report.md cannot be written: No such file or directory" in line


def test_a_table_is_joined_by_request_id(
    worse: Path,
    captured: Path,
    texts: Mapping[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It gives the words that captured documents give; rows of no document of the log are none."""
    assert exit_code("diagnose", captured, *PERIODS, "--json") == 0
    words = _words(capsys)
    assert words is not None
    assert {NEW, "<", "\u202e"} <= {each["word"] for each in words["came"]}
    assert [each["word"] for each in words["went"]] == [OLD]
    assert not words["sampled"]
    joined = {name: text.replace("\ud800", "\ufffd") for name, text in texts.items()}
    table = _table(tmp_path / "documents.csv", {**joined, "elsewhere": "other words"})
    assert exit_code("diagnose", worse, *PERIODS, "--documents", table, "--json") == 0
    again = _words(capsys)
    assert again is not None
    assert again["documents"] == words["documents"]
    assert again["went"] == words["went"]


def test_a_row_of_an_id_that_both_periods_have_is_left_out(
    worse: Path, texts: Mapping[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Clients count anew, and a table does not tell whose text it is."""
    twice = tmp_path / "twice.jsonl"
    lines = worse.read_text("utf-8")
    first, other = (name for name in list(texts)[:: len(texts) - 1])
    twice.write_text(lines.replace(f'"{other}"', f'"{first}"'), "utf-8")
    table = _table(tmp_path / "documents.csv", {name: texts[name][:40] for name in texts})
    assert exit_code("diagnose", twice, *PERIODS, "--documents", table) == 0
    assert "1 row of " in (told := capsys.readouterr().err)
    assert "both periods have documents with this request_id" in told


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are not to be had here")
def test_texts_in_a_pipe_are_said_to_take_a_file(
    captured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of ``diagnose <(zcat log.gz)``: they are there, and gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(pipe.write_bytes, captured.read_bytes())
        assert exit_code("diagnose", pipe, *PERIODS) == 0
        written.result()
    told = capsys.readouterr()
    assert "a pipe is read once" in told.err
    assert "CAPTURE" not in told.err


def test_the_order_of_files_changes_nothing(
    captured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does a file that is given twice."""
    lines = captured.read_bytes().splitlines(keepends=True)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_bytes(b"".join(lines[::2]))
    second.write_bytes(b"".join(lines[1::2]))
    told = []
    for logs in ((captured,), (second, first), (first, captured)):
        assert exit_code("diagnose", *logs, *PERIODS, "--json") == 0
        told.append(_words(capsys))
    assert told[0] == told[1] == told[2]


def test_what_could_be_chance_has_no_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor advice about them."""
    log = write_log(Traffic(per_hour=10), tmp_path / "log.jsonl")
    steady = capture(log, tmp_path / "captured.jsonl", texts_by_id(log).get)
    assert exit_code("diagnose", steady, *PERIODS) == 0
    told = capsys.readouterr()
    assert told.out.startswith("nothing changed beyond what chance does")
    assert "words" not in told.out + told.err
    assert exit_code("diagnose", steady, *PERIODS, "--json") == 0
    assert _words(capsys) is None


def test_what_to_do_for_words_is_said_where_they_are_the_next_question(
    worse: Path, changed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change that nothing tells; a column that has new categories needs none."""
    assert exit_code("diagnose", changed, *PERIODS) == 0
    told = capsys.readouterr()
    assert told.err.count("UNDERSTUDY_CAPTURE=all") == 1
    assert "no text of good and bad documents is in the log" in told.err
    assert "next: look at the words that came and went" in told.out
    assert exit_code("diagnose", worse, *PERIODS) == 0
    assert "words" not in capsys.readouterr().err


def test_texts_of_one_period_do_not_suffice(
    worse: Path, texts: Mapping[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where CAPTURE was set after the drop: it says which period lacks them."""
    new = {name: text for name, text in texts.items() if OLD not in text}
    later = capture(worse, tmp_path / "log.jsonl", {n: t for n, t in new.items() if NEW in t}.get)
    assert exit_code("diagnose", later, *PERIODS, "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["words"] is None
    assert "no text of good documents is in the log" in printed.err


@pytest.mark.parametrize(
    "case",
    [
        ("request_id,text", 0, "no text of good and bad documents is in {table}; name a table"),
        ("request_id,body", 2, "no column 'text'; it has 'request_id', 'body'"),
        ("id,text", 2, "no column 'request_id'"),
    ],
)
def test_a_table_that_does_not_fit_is_one_line(
    worse: Path,
    tmp_path: Path,
    case: tuple[str, int, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Rows of other documents are noted, and what lacks a column is refused."""
    header, code, told = case
    table = tmp_path / "documents.csv"
    table.write_text(f"{header}\nelsewhere,words\n", encoding="utf-8")
    assert exit_code("diagnose", worse, *PERIODS, "--documents", table) == code
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert told.format(table=table) in line
