"""What somebody sees who runs ``understudy export-training``."""

from __future__ import annotations

import csv
import json
import resource
import shlex
import stat
from typing import TYPE_CHECKING

import pytest

from artifacts.tables import ColumnRoles, read_raw, read_table
from guards.events.feedback_received import FeedbackReceived
from tests.guards.comparison.logs import CHAMPION, Seen, write_log
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

ROLES = ColumnRoles(("text",), "label", ("pages",), ("court",), time="observed_at")
DRAWN = "request_id,label,source,stratum,inclusion_probability,labelled_at\n"


def _seen(number: int, *, second: int | None = None, text: str | None = None) -> Seen:
    features: JsonObject = {"pages": number, "court": "NDCA" if number % 2 else None}
    document = {"text": text or f"=text, {number}\nmore", "features": features}
    return Seen(f"r-{number}", second=number if second is None else second, document=document)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return the log of twenty captured documents, the last one of them with a label."""
    documents = [_seen(number) for number in range(20)]
    return write_log(tmp_path / "log.jsonl", [*documents, FeedbackReceived("r-19", "memo")])


def _labels(tmp_path: Path, text: str, header: str = "request_id,label\n") -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(header + text, encoding="utf-8")
    return path


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_the_table_is_what_training_reads(tmp_path: Path, log: Path, ending: str) -> None:
    """Texts, features, labels and moments as they were, those of the log's labels too."""
    labels = _labels(tmp_path, "r-3,letter\nr-2,invoice\n")
    out = tmp_path / f"out.{ending}"

    assert exit_code("export-training", log, "--labels", labels, "-o", out) == 0

    assert read_raw(out).names == ("request_id", "observed_at", "label", "text", "pages", "court")
    table = read_table(out, ROLES)
    assert table.labels == ["invoice", "letter", "memo"]
    assert [document["text"] for document in table.documents] == [
        f"=text, {number}\nmore" for number in (2, 3, 19)
    ]
    assert [str(pages) for pages in table.features["pages"]] == ["2", "3", "19"]
    assert [court or None for court in table.features["court"]] == [None, "NDCA", "NDCA"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_what_is_in_it_and_what_comes_next(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows by label, what was left out by reason, and a command that can be pasted."""
    labels = _labels(tmp_path, "r-2,invoice\nr-3,invoice\nelsewhere,memo\n")
    out = tmp_path / "my table.csv"

    exit_code("export-training", log, "--labels", labels, "-o", out)

    printed = capsys.readouterr()
    first, *rest, command = printed.out.splitlines()
    assert first == f"{out}: 3 documents with labels, 2026-03-02 08:00 to 2026-03-02 08:00 UTC"
    assert rest == [
        "  invoice  2",
        "  memo     1",
        "left out: 1 label of documents that the log does not have",
        "not labelled: 17 other documents with a text",
        "Next:",
    ]
    assert shlex.split(command) == [
        *("understudy", "train", str(out), "--text", "text", "--label", "label"),
        *("--numeric", "pages", "--categorical", "court", "--time", "observed_at"),
        *("--out", "artifacts/store/docs/3"),
    ]
    assert "note: the log does not describe the champion's columns" in printed.err


def test_the_export_as_json(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script learns every count: drawn labels, those that wait, those that were given up."""
    drawn = "r-1,memo,queue,agreement,.5,\nr-2,,queue,agreement,.5,\nr-3,,queue,agreement,.5,"
    others = "2026-03-03\nr-4,letter,correction,,,\nr-5,,,,,\nr-19,letter,,,,\nx,memo,,,,\n"
    labels = _labels(tmp_path, drawn + others, DRAWN)
    out = tmp_path / "out.csv"

    assert exit_code("export-training", log, "--labels", labels, "-o", out, "--json") == 0

    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document["rows"] == 3
    assert document["labels"] == {"letter": 2, "memo": 1}
    assert document["sources"] == {"truth": 1, "queue": 1, "correction": 1}
    assert document["left_out"] == {
        "not_in_log": 1,
        "without_text": 0,
        "waiting": 1,
        "given_up": 1,
    }
    assert document["documents_without_label"] == 17
    assert (document["repeated"], document["contradicted"]) == (1, 1)
    assert document["label_rows_left_out"] == 1
    assert (document["numeric"], document["categorical"]) == (["pages"], ["court"])
    assert document["command"].startswith("understudy train ")
    assert document["log"]["lines"] == 21
    assert "note: 1 of 3 rows were drawn to be labelled: disagreements are more" in printed.err
    assert "note: 1 of 3 rows have a correction as their label" in printed.err


def test_a_document_that_was_sent_again_counts_once(tmp_path: Path) -> None:
    """By its last observation, in whatever order the files are named."""
    later = write_log(tmp_path / "a.jsonl", [_seen(1, second=90, text="last")], run="b")
    before = write_log(tmp_path / "b.jsonl", [_seen(1, text="first"), _seen(2)], run="a")
    labels = _labels(tmp_path, "r-1,memo\nr-2,memo\n")
    out = tmp_path / "out.csv"

    exit_code("export-training", later, before, "--labels", labels, "-o", out)

    second, first = _rows(out)
    assert (second["request_id"], first["request_id"]) == ("r-2", "r-1")
    assert (first["text"], first["observed_at"]) == ("last", "2026-03-02T08:01:30.000000Z")


def test_documents_come_from_a_table_where_nothing_was_captured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its other columns are features; what it lacks is counted."""
    log = write_log(tmp_path / "log.jsonl", [Seen(f"r-{n}", second=n) for n in range(9)])
    labels = _labels(tmp_path, "r-1,memo\nr-2,memo\n")
    table = tmp_path / "documents.csv"
    table.write_text("text,pages,request_id,label\na,1,r-1,x\nb,2,x-1,x\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    options = ("--labels", labels, "--documents", table, "-o", out)

    assert exit_code("export-training", log, *options, "--json") == 0

    (row,) = _rows(out)
    assert (row["text"], row["pages"], row["label"]) == ("a", "1", "memo")
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert (document["left_out"]["without_text"], document["documents_without_label"]) == (1, 1)
    assert (
        "note: the feature 'label' is left out: a column of the table has its name" in printed.err
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("request_id,body\nr-1,a\n", "no column 'text'; it has 'request_id', 'body'"),
        ("id,text\nr-1,a\n", "no column 'request_id'"),
    ],
)
def test_a_table_of_documents_needs_its_columns(
    tmp_path: Path, log: Path, content: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the one that is not there, and those that are."""
    table = tmp_path / "documents.csv"
    table.write_text(content, encoding="utf-8")

    code = exit_code("export-training", log, "--documents", table, "-o", tmp_path / "out.csv")

    assert code == 2
    assert problem in capsys.readouterr().err


def test_features_that_no_column_can_hold_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lists, and names that the table has for itself, are left out with a note."""
    features = {"label": "x", "tags": ["a"], "pages": 1}
    seen = Seen("r-1", document={"text": "a", "features": features})
    log, out = write_log(tmp_path / "log.jsonl", [seen]), tmp_path / "out.csv"

    exit_code("export-training", log, "--labels", _labels(tmp_path, "r-1,memo\n"), "-o", out)

    (row,) = _rows(out)
    assert (row["label"], row["pages"], len(row)) == ("memo", "1", 5)
    printed = capsys.readouterr().err
    assert "the feature 'label' is left out: a column of the table has its name" in printed
    assert "the feature 'tags' is left out: it holds a list" in printed


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ("x,memo\n", "none of 1 label is of a document of the log; give the logs of the time"),
        (
            "r-1,memo\n",
            "the log has no text of 1 document with a label, and those of 0 other documents",
        ),
        (None, "there is no label in the log, and none in a table; name a table"),
    ],
)
def test_nothing_to_export_is_no_empty_table(
    tmp_path: Path, labels: str | None, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what was seen and what to do, and no file is made."""
    log = write_log(tmp_path / "log.jsonl", [Seen(f"r-{n}", second=n) for n in range(9)])
    named = () if labels is None else ("--labels", _labels(tmp_path, labels))
    out = tmp_path / "out.csv"

    assert exit_code("export-training", log, *named, "-o", out) == 2

    error = capsys.readouterr().err
    assert f"understudy: nothing to export: {problem}" in error
    assert not out.exists()


@pytest.mark.parametrize("target", ["log.jsonl", "labels.csv", "link.csv"])
def test_nothing_that_exists_is_replaced(
    tmp_path: Path, log: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log, a table and what a link leads to stay as they are."""
    labels = _labels(tmp_path, "r-1,memo\n")
    (tmp_path / "link.csv").symlink_to("elsewhere.csv")
    before = log.read_bytes(), labels.read_bytes()

    assert exit_code("export-training", log, "--labels", labels, "-o", tmp_path / target) == 2

    assert "exists already: name another file, or remove it" in capsys.readouterr().err
    assert (log.read_bytes(), labels.read_bytes()) == before
    assert not (tmp_path / "elsewhere.csv").exists()


def test_another_ending_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With those that there are."""
    code = exit_code("export-training", "no.jsonl", "-o", tmp_path / "out.xlsx")

    assert code == 2
    assert "out.xlsx: expected a name that ends in .csv, .jsonl or .parquet" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_full_disk_leaves_no_half_table(
    tmp_path: Path, log: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says why, and the name is free for the next try."""
    out = tmp_path / f"out.{ending}"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        code = exit_code("export-training", log, "-o", out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert code == 2
    assert f"out.{ending} cannot be written: File too large" in capsys.readouterr().err
    assert not out.exists()


def test_the_next_version_follows_all_that_the_log_knows(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The challenger, docs/2, is sealed already."""
    exit_code("export-training", log, "-o", tmp_path / "out.csv", "--json")

    assert CHAMPION.version == "1"
    assert json.loads(capsys.readouterr().out)["command"].endswith("artifacts/store/docs/3")
