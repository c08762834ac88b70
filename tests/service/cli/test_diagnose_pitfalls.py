"""What ``understudy diagnose`` says of periods and logs that are likely not meant."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from guards.diagnosis.findings import CODES
from tests.guards.diagnosis.traffic import BAD, GOOD, Replica, Traffic, write_log
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from guards.json_types import JsonObject
    from tests.guards.diagnosis.traffic import Rows

PERIODS = ("--good", GOOD, "--bad", BAD)
BUNDLE = "sha256:1f"
OTHER = "sha256:2e"


def _renamed(rows: Rows, _: np.random.Generator) -> None:
    rows["court"][rows["court"] == "NDCA"] = "N.D. Cal."


WORSE = Traffic(change=_renamed, per_hour=5)


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log in whose second half a category has another name."""
    return write_log(WORSE, tmp_path_factory.mktemp("worse") / "log.jsonl")


def _changed(path: Path, out: Path, change: Callable[[JsonObject], object]) -> Path:
    """Write a log again, after a change to the line of each document."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    for line in lines:
        if line["event"] == "request.observed":
            change(line)
    texts = (json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    out.write_text("".join(texts), encoding="utf-8")
    return out


def _notes(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    """Diagnose, find the renamed category all the same, and return the notes."""
    assert exit_code("diagnose", *arguments) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{CODES['unknown_categories']}: court")
    return printed.err.splitlines()


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        (GOOD, "2026-03-07..2026-03-08", "has documents from 2026-03-02T00:00:00.000000Z to 2026"),
        ("2026-02-07..2026-02-08", BAD, "name a part of that, in UTC or with its offset"),
        ("2026-02-07..2026-02-08", "2026-02-08..2026-02-09", "--good 2026-02-07T00:00:00Z"),
        ("2026-03-02..2026-03-05", BAD, "overlap: a document is in one of them; let one end"),
        ("2026-03-04..2026-03-06", BAD, "overlap"),
        ("replica-1-good", "2026-03-03..2026-03-06", "overlap"),
        ("replica-1-good", "replica-1-good", "overlap"),
        # The same moments of two zones.
        (GOOD, "2026-03-04T00:00+05:00..2026-03-06T00:00+05:00", "--bad 2026-03-03T19:00:00Z"),
        (f"2026-03-02T00:00 CET..{GOOD[-10:]}", BAD, "as 2026-03-02 or 2026-03-02T08:00+01:00"),
        ("2026-03-04..2026-03-02", BAD, "TO must be after FROM; exchange them"),
        (GOOD, "2026-03-06..2026-03-06", "TO must be after FROM; exchange them, or name a later"),
        ("2026-03-04T01:00+02:00..2026-03-03T22:30Z", BAD, "TO must be after FROM"),
    ],
)
def test_periods_that_cannot_be_are_one_line(
    worse: Path, good: str, bad: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was found, what is expected, and what to do."""
    assert exit_code("diagnose", worse, "--good", good, "--bad", bad) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert told in line


def test_periods_in_another_zone_count_there(
    worse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are told in UTC, and hold what they hold there."""
    told, report = [], worse.with_name("report.md")
    for offset, hour in (("+05:00", "05"), ("Z", "00")):
        periods = (
            f"2026-03-0{first}T{hour}:00{offset}..2026-03-0{last}T{hour}:00{offset}"
            for first, last in ((2, 4), (4, 6))
        )
        good, bad = periods
        assert _notes(capsys, worse, "--good", good, "--bad", bad, "-o", report) == []
        told.append(report.read_text("utf-8"))
    assert told[0] == told[1]
    assert "- good: 2026-03-02T00:00:00Z..2026-03-04T00:00:00Z" in told[0]


def test_exchanged_periods_are_noted(worse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bad period is better; a bad one that comes first is nothing to note."""
    assert exit_code("diagnose", worse, "--good", BAD, "--bad", GOOD) == 0
    (note,) = capsys.readouterr().err.splitlines()
    assert "confidence is better in the bad period than in the good one (0.8" in note
    assert note.endswith("exchange --good and --bad if they were mixed up")
    assert _notes(capsys, worse, *PERIODS) == []


def test_a_good_period_after_the_bad_one_is_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a repair."""

    def earlier(line: JsonObject) -> None:
        day = line["observed_at"][:10]
        days = {"02": "04", "03": "05", "04": "02", "05": "03"}
        line["observed_at"] = line["observed_at"].replace(day, day[:8] + days[day[8:]], 1)

    log = write_log(WORSE, tmp_path / "log.jsonl")
    repaired = _changed(log, tmp_path / "repaired.jsonl", earlier)
    assert _notes(capsys, repaired, "--good", BAD, "--bad", GOOD) == []


def test_a_bundle_in_each_period_is_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which says what it was before and is now; there is nothing else to note."""
    traffic = Traffic(change=_renamed, per_hour=5, replicas=(Replica(now={"bundle": OTHER}),))
    log = write_log(traffic, tmp_path / "log.jsonl")
    assert exit_code("diagnose", log, *PERIODS) == 0
    printed = capsys.readouterr()
    assert "our_side: bundle (restores: unknown" in printed.out
    assert f"   bad:  bundle '{OTHER}'" in printed.out
    assert printed.err == ""


@pytest.mark.parametrize("since", ["2026-03-02", "2026-03-04"])
def test_two_bundles_in_one_period_are_noted(
    worse: Path, tmp_path: Path, since: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With how many documents each answered, and how to compare them."""

    def mixed(line: JsonObject) -> None:
        if int(line["request_id"][2:]) % 3 == 0 and line["observed_at"] >= since:
            line["champion"] |= {"version": "2", "fingerprint": OTHER}

    log = _changed(worse, tmp_path / "log.jsonl", mixed)
    (note,) = _notes(capsys, log, *PERIODS)
    assert note.startswith("note: several bundles answered in one period (good: docs/1 sha256:1f ")
    periods = 2 if since < "2026-03-04" else 1
    assert note.count("docs/2 sha256:2e") == periods
    assert "name their runs by --good and --bad" in note


def test_two_services_in_one_log_are_noted(
    worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the names of their bundles; they are compared together all the same."""

    def other_service(line: JsonObject) -> None:
        line["champion"] |= {"name": "reviews", "fingerprint": OTHER}

    replica = Replica("other", before={"bundle": OTHER}, now={"bundle": OTHER})
    traffic = Traffic(per_hour=2, replicas=(replica,))
    other = write_log(traffic, tmp_path / "other.jsonl")
    reviews = _changed(other, tmp_path / "reviews.jsonl", other_service)
    (note,) = _notes(capsys, worse, reviews, *PERIODS)
    assert "bundles of several names answered (good: docs " in note
    assert note.count("reviews ") == 2
    assert note.endswith("diagnose the logs of each by themselves")


def test_a_torn_last_line_is_noted(
    worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that was copied while it was written is read but for it."""
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes(worse.read_bytes()[:-200])
    (note,) = _notes(capsys, torn, *PERIODS)
    assert note.startswith("note: left out: 1 torn line, as at the end of a file that was copied")


def test_a_file_that_is_given_twice_counts_once(
    worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing but a note differs, also where the copy is within a file."""
    lines = worse.read_bytes()
    double = tmp_path / "double.jsonl"
    double.write_bytes(lines + lines)
    printed = []
    for logs in ((worse,), (worse, worse), (double,)):
        assert exit_code("diagnose", *logs, *PERIODS) == 0
        printed.append(capsys.readouterr())
    assert printed[0].out == printed[1].out == printed[2].out
    for each in printed[1:]:
        (note,) = each.err.splitlines()
        assert f"left out: {len(lines.splitlines())} lines that others are copies of" in note


@pytest.mark.parametrize("fields", [("cells",), ("cells", "reference")])
def test_lines_without_cells_are_noted(
    worse: Path, tmp_path: Path, fields: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """As CELLS=none and earlier versions write them: answers are compared, and no inputs."""

    def without(line: JsonObject) -> None:
        for name in fields:
            del line[name]

    log = _changed(worse, tmp_path / "log.jsonl", without)
    assert exit_code("diagnose", log, *PERIODS) == 0
    printed = capsys.readouterr()
    assert "unexplained: confidence" in printed.out
    (note,) = (line for line in printed.err.splitlines() if "cells" in line)
    assert "good and " in note
    assert "documents have no cells, as CELLS=none or an earlier version writes them" in note
    assert "serve with UNDERSTUDY_CELLS=grouped" in note


def test_lines_of_a_newer_schema_are_noted(
    worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What this version knows is diagnosed; where nothing is left, it is an error."""
    lines = worse.read_bytes().splitlines(keepends=True)
    newer = [line.replace(b'"schema":1', b'"schema":99') for line in lines]
    mixed, all_newer = tmp_path / "mixed.jsonl", tmp_path / "newer.jsonl"
    mixed.write_bytes(b"".join(lines[:-3] + newer[-3:]))
    all_newer.write_bytes(b"".join(newer))
    (note,) = _notes(capsys, mixed, *PERIODS)
    assert note.endswith(
        "left out: 3 lines of a newer schema; read the log with a newer Understudy"
    )
    assert exit_code("diagnose", all_newer, *PERIODS) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "read it with a newer Understudy" in line


def test_other_lines_in_a_log_are_noted(
    worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as those of another program."""
    log = tmp_path / "log.jsonl"
    log.write_bytes(worse.read_bytes() + b'{"level":"info"}\n')
    (note,) = _notes(capsys, log, *PERIODS)
    assert "left out: 1 malformed line" in note


def test_a_broken_file_is_noted(
    worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What comes before the place where its compression broke is diagnosed."""
    broken = tmp_path / "log.jsonl.gz"
    broken.write_bytes(gzip.compress(worse.read_bytes(), mtime=0)[:-2_000])
    notes = _notes(capsys, broken, *PERIODS)
    assert any(f"{broken} could be read in part only (EOFError" in note for note in notes)
