"""What drives the answers of a bundle in what ``understudy diagnose --explain`` tells."""

from __future__ import annotations

import json
import re
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from artifacts.demo.documents import good_day
from tests.guards.diagnosis.traffic import BAD, GOOD, Traffic, write_log
from tests.repository import ROOT
from tests.ruled import ruled_documents
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from guards.json_types import JsonObject

SCHEMA = json.loads((ROOT / "docs" / "diagnose.schema.json").read_bytes())
DOCS = (ROOT / "docs" / "diagnosis.md").read_text("utf-8")
START_OF_BAD = "2026-03-04"
PERIODS = ("--good", GOOD, "--bad", BAD)


@pytest.fixture(autouse=True)
def _without_captum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave words out wherever tests run: the numbers are those of one method."""
    monkeypatch.setitem(sys.modules, "captum", None)


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log of some fifty documents a period, less sure of all of them in the second."""
    path = tmp_path_factory.mktemp("worse") / "log.jsonl"
    return write_log(Traffic(less={"replica-1": 2.0}, per_hour=1), path)


@pytest.fixture(scope="module")
def documents(worse: Path) -> pd.DataFrame:
    """Return a document for each request id of the log, of one kind in both periods."""
    observed = _observed(worse)
    frame = ruled_documents(len(observed), 5).drop(columns="label")
    frame["request_id"] = [line["request_id"] for line in observed]
    frame["bad"] = [line["observed_at"] >= START_OF_BAD for line in observed]
    return frame


def _observed(log: Path) -> list[JsonObject]:
    lines = map(json.loads, log.read_bytes().splitlines())
    return [line for line in lines if line["event"] == "request.observed"]


def _written(frame: pd.DataFrame, path: Path) -> Path:
    frame.drop(columns="bad").to_csv(path, index=False)
    return path


def _captured(log: Path, out: Path, change: Callable[[JsonObject], object] | None = None) -> Path:
    """Write a log again with documents of the demo; ``change`` alters those of the bad period."""
    documents = iter(good_day(len(_observed(log)), seed=5).documents)
    with out.open("w", encoding="utf-8") as file:
        for line in map(json.loads, log.read_bytes().splitlines()):
            if line["event"] == "request.observed":
                document = next(documents)
                text = " ".join(document["text"].split()[:12])
                line["document"] = {"text": text, "features": {**document["features"]}}
                if change is not None and line["observed_at"] >= START_OF_BAD:
                    change(line["document"])
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
    return out


def _shown_in_docs() -> set[str]:
    _, _, rest = DOCS.partition("## What drives the answers")
    _, _, example = rest.partition("```text\n")
    return {line for line in _lines(example.partition("```")[0]) if line != "…"}


def _lines(text: str) -> list[str]:
    # How many small effects differ may depend on how a machine rounds.
    lines = re.sub(r": \d+ of ", ": N of ", text).splitlines()
    return [" ".join(line.split()) for line in lines]


def _effects(capsys: pytest.CaptureFixture[str]) -> JsonObject | None:
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(document)
    effects: JsonObject | None = document["effects"]
    return effects


def test_a_word_that_drives_answers_less_is_named(
    worse: Path,
    ruled: Path,
    documents: pd.DataFrame,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of a table, on the terminal and in both reports: with many pages, urgent says less."""
    other = documents.copy()
    other.loc[other["bad"], "pages"] += 3
    table = _written(other, tmp_path / "documents.csv")
    written = {}
    for name in ("report.html", "report.md"):
        report = tmp_path / name
        code = exit_code(
            *("diagnose", worse, *PERIODS, "--explain", ruled, "--documents", table, "-o", report)
        )
        assert code == 0
        assert stat.S_IMODE(report.stat().st_mode) == 0o600
        written[name] = report.read_text("utf-8")
    told = capsys.readouterr()
    good, bad = (int((other["bad"] == side).sum()) for side in (False, True))
    assert re.search(
        r"drive the answers of ruled/1 differently: \d+ of \d+ tested, "
        rf"in {good} good and {bad} bad documents, at a false discovery rate of 5 %\n",
        told.out,
    )
    assert re.search(r"\n  urgent \(alarm\) +\+1\.\d+ +\+0\.\d+ +5e-05\n", told.out)
    assert "pip install 'understudy[explain]'" in told.err
    assert _shown_in_docs() <= set(_lines(told.out))
    page = written["report.html"]
    assert "<h2>What drives the answers</h2>" in page
    assert "<caption>mean effects on the answers that differ</caption>" in page
    assert re.search(r">urgent \(alarm\)</th><td>\+1\.\d+</td><td>\+0\.\d+</td><td>5e-05<", page)
    assert re.search(r"\| urgent \(alarm\) \| \+1\.\d+ \| \+0\.\d+ \|", written["report.md"])


def test_documents_of_one_kind_have_no_effect_that_differs(
    worse: Path,
    ruled: Path,
    documents: pd.DataFrame,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is said how many were tested."""
    table = _written(documents, tmp_path / "documents.csv")
    arguments = ("--explain", ruled, "--documents", table, "--json")
    assert exit_code("diagnose", worse, *PERIODS, *arguments) == 0
    effects = _effects(capsys)
    assert effects is not None
    assert effects["tested"] > 10
    assert effects["differing"] == []
    assert not effects["sampled"]


def test_a_column_of_captured_documents_is_named(
    worse: Path, champion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And those that the bundle does not take are counted."""

    def change(document: JsonObject) -> None:
        document["features"]["court"] = "elsewhere"

    log = _captured(worse, tmp_path / "log.jsonl", change)
    text = log.read_text("utf-8")
    log.write_text(re.sub(r'"pages":[\d.]+', '"pages":"many"', text, count=2), "utf-8")
    assert exit_code("diagnose", log, *PERIODS, "--explain", champion, "--json") == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    Draft202012Validator(SCHEMA).validate(document)
    effects = document["effects"]
    assert effects["bundle"] == "docs/1"
    assert sum(effects["documents"].values()) == len(_observed(log)) - 2
    (court,) = (each for each in effects["differing"] if each["kind"] == "column")
    assert court["subject"] == "court"
    assert court["class"] is None
    assert court["before"] > court["after"]
    (note,) = (note for note in document["notes"] if "not explained" in note)
    assert note.startswith("2 documents not explained")
    assert "pages" in note
    assert note in printed.err


def test_many_documents_are_a_sample_that_no_order_of_files_changes(
    worse: Path,
    champion: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same documents are explained, and their number is told."""
    monkeypatch.setattr("service.cli.diagnosed_effects.MAX_EXPLAINED", 10)
    log = _captured(worse, tmp_path / "log.jsonl")
    lines = log.read_bytes().splitlines(keepends=True)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_bytes(b"".join(lines[::2]))
    second.write_bytes(b"".join(lines[1::2]))
    found = []
    for logs in ((log,), (second, first)):
        assert exit_code("diagnose", *logs, *PERIODS, "--explain", champion, "--json") == 0
        found.append(_effects(capsys))
    assert found[0] == found[1]
    assert found[0] is not None
    assert found[0]["documents"] == {"good": 10, "bad": 10}
    assert found[0]["sampled"]


def test_what_could_be_chance_is_not_explained(
    ruled: Path,
    documents: pd.DataFrame,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nor is a table read for it."""
    log = write_log(Traffic(per_hour=1), tmp_path / "log.jsonl")
    table = _written(documents, tmp_path / "documents.csv")
    arguments = ("--explain", ruled, "--documents", table, "--json")
    assert exit_code("diagnose", log, *PERIODS, *arguments) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["effects"] is None
    assert "answers" not in printed.err


def test_too_few_documents_are_a_note(
    worse: Path,
    ruled: Path,
    documents: pd.DataFrame,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It says how many there are."""
    few = documents[~documents["bad"] | (documents["bad"].cumsum() <= 4)]
    table = _written(few, tmp_path / "documents.csv")
    arguments = ("--explain", ruled, "--documents", table, "--json")
    assert exit_code("diagnose", worse, *PERIODS, *arguments) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["effects"] is None
    good = int((~few["bad"]).sum())
    assert f"{good} good and 4 bad documents with text and columns" in printed.err


def test_a_log_without_documents_is_a_note(
    worse: Path, champion: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says where documents would come from."""
    assert exit_code("diagnose", worse, *PERIODS, "--explain", champion) == 0
    assert "UNDERSTUDY_CAPTURE=all" in capsys.readouterr().err.partition("drives the answers")[2]


def test_private_columns_take_a_table(
    worse: Path, ruled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so before a log is read."""
    assert exit_code("diagnose", worse, *PERIODS, "--explain", ruled) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.strip().splitlines()
    assert "private columns, 'weight': name a table" in line
    assert "--documents" in line


def test_what_is_no_bundle_is_refused(
    worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the guard, before anything is read."""
    assert exit_code("diagnose", worse, *PERIODS, "--explain", tmp_path) == 78
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err


def test_a_table_that_lacks_a_column_is_one_line(
    worse: Path, ruled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the column that the bundle takes."""
    table = tmp_path / "documents.csv"
    table.write_text("request_id,text,pages,court\na-0,urgent,1,NDCA\n", encoding="utf-8")
    arguments = ("--explain", ruled, "--documents", table)
    assert exit_code("diagnose", worse, *PERIODS, *arguments) == 2
    assert "no column 'weight'" in capsys.readouterr().err
