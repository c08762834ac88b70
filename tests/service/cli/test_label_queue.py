"""What somebody sees who runs ``understudy label-queue``."""

from __future__ import annotations

import csv
import io
import json
import resource
import stat
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tqdm import tqdm

from guards.comparison.queue import DISAGREEMENT, LabelQueue
from guards.comparison.queue_table import write_queue
from guards.errors import CallError
from guards.events.captured import captured_documents
from guards.events.feedback_received import FeedbackReceived
from guards.events.log_table import LogTable
from guards.evidence.pair import ChallengerId, Missed
from service.cli.label_tables import read_labels
from tests.guards.comparison.logs import Seen, write_log
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from pathlib import Path


def _documents(*, captured: bool = False) -> list[Seen]:
    return [
        Seen(
            f"r-{number}",
            challenger="contract" if number % 5 else "invoice",
            second=number,
            document={"text": f"=text {number}", "features": {"pages": number}}
            if captured
            else None,
        )
        for number in range(200)
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_is_what_compare_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each row has what a label table needs but for the label; disagreements come first."""
    log, out = write_log(tmp_path / "log.jsonl", _documents()), tmp_path / "queue.csv"

    assert exit_code("label-queue", log, "-n", 50, "-o", out) == 0

    rows = _rows(out)
    assert len(rows) == 50
    assert [row["stratum"] for row in rows[:40]] == [DISAGREEMENT] * 40
    assert all(label.label is None and not label.given_up for label in read_labels(out).labels)
    assert read_labels(out).problems == ()
    printed = capsys.readouterr()
    assert "50 documents, 40 of them disagreements" in printed.out
    assert "50 documents have no text" in printed.err


def test_nothing_says_what_was_answered(tmp_path: Path) -> None:
    """Whoever labels is not led by either variant."""
    log, out = write_log(tmp_path / "log.jsonl", _documents()), tmp_path / "queue.csv"

    exit_code("label-queue", log, "-n", 50, "-o", out)

    assert "contract" not in out.read_text(encoding="utf-8")


def test_captured_documents_are_in_the_table_that_only_its_owner_reads(tmp_path: Path) -> None:
    """Text and features of the log stand beside the id; the file is private."""
    log, out = write_log(tmp_path / "log.jsonl", _documents(captured=True)), tmp_path / "queue.csv"

    exit_code("label-queue", log, "-n", 50, "-o", out)

    row = _rows(out)[0]
    number = row["request_id"].removeprefix("r-")
    assert (row["text"], row["pages"]) == (f"=text {number}", number)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_table_of_documents_is_joined(tmp_path: Path) -> None:
    """Its other columns stand beside the id, whatever they are called."""
    log, out = write_log(tmp_path / "log.jsonl", _documents()), tmp_path / "queue.csv"
    table = tmp_path / "documents.csv"
    table.write_text(
        "label,body,request_id\n" + "".join(f"x,text of {n},r-{n}\n" for n in range(200)),
        encoding="utf-8",
    )

    exit_code("label-queue", log, "-n", 50, "-o", out, "--documents", table)

    rows = _rows(out)
    assert all(row["body"] == f"text of {row['request_id'][2:]}" for row in rows)
    assert {row["label"] for row in rows} == {""}


def test_what_is_labelled_is_not_asked_for(tmp_path: Path) -> None:
    """Labels of the log and of tables are known."""
    feedback = [FeedbackReceived(f"r-{n}", "contract", None) for n in range(0, 100, 5)]
    log, out = write_log(tmp_path / "log.jsonl", [*_documents(), *feedback]), tmp_path / "q.csv"
    known = tmp_path / "known.csv"
    known.write_text("request_id,label\nr-100,contract\nr-105,contract\n", encoding="utf-8")

    exit_code("label-queue", log, "-n", 50, "-o", out, "--labels", known)

    asked = {row["request_id"] for row in _rows(out) if row["stratum"] == DISAGREEMENT}
    assert asked == {f"r-{n}" for n in range(110, 200, 5)}


def test_several_challengers_must_be_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a name the call is wrong; with one it is served."""
    both = (ChallengerId("docs", "2"), ChallengerId("docs", "3"))
    documents = [Seen(f"r-{n}", challenger="invoice", challengers=both) for n in range(9)]
    log, out = write_log(tmp_path / "log.jsonl", documents), tmp_path / "queue.csv"

    assert exit_code("label-queue", log, "-n", 5, "-o", out) == 2
    assert "with --challenger: 'docs/2', 'docs/3'" in capsys.readouterr().err
    assert exit_code("label-queue", log, "-n", 5, "-o", out, "--challenger", "docs/3") == 0


def test_a_table_that_cannot_be_written_is_a_wrong_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so, with the path."""
    log = write_log(tmp_path / "log.jsonl", _documents())

    assert exit_code("label-queue", log, "-n", 5, "-o", tmp_path / "missing" / "queue.csv") == 2
    assert "queue.csv cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["log.jsonl", "work.csv", "link.csv", "."])
def test_nothing_that_exists_is_replaced(
    tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log, a table that is filled in, and what a link leads to stay as they are."""
    log, work = write_log(tmp_path / "log.jsonl", _documents()), tmp_path / "work.csv"
    work.write_text("request_id,label\nr-5,contract\n", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to("elsewhere.csv")
    before = log.read_bytes(), work.read_bytes()

    code = exit_code("label-queue", log, "-n", 5, "-o", tmp_path / target, "--labels", work)

    assert code == 2
    assert "exists already: name another file, or remove it" in capsys.readouterr().err
    assert (log.read_bytes(), work.read_bytes()) == before
    assert not (tmp_path / "elsewhere.csv").exists()


@pytest.mark.parametrize("filled_in", ["", "contract"])
def test_a_queue_is_replaced_as_long_as_nobody_has_filled_anything_in(
    tmp_path: Path, filled_in: str
) -> None:
    """Whoever draws again loses nothing; an empty file is free, too."""
    log, out = write_log(tmp_path / "log.jsonl", _documents()), tmp_path / "queue.csv"
    out.touch()

    assert exit_code("label-queue", log, "-n", 5, "-o", out) == 0
    text = out.read_text(encoding="utf-8").replace(",,queue,", f",{filled_in},queue,", 1)
    out.write_text(text, encoding="utf-8")
    before = out.read_text(encoding="utf-8")

    assert exit_code("label-queue", log, "-n", 9, "-o", out) == (2 if filled_in else 0)
    assert (out.read_text(encoding="utf-8") == before) == bool(filled_in)


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """A queue takes minutes to draw, in which somebody may write to its place."""
    out = tmp_path / "queue.csv"
    out.symlink_to("elsewhere.csv")

    with pytest.raises(CallError, match="exists already"):
        write_queue(out, LabelQueue((), Counter(), 0, None), {})

    assert not (tmp_path / "elsewhere.csv").exists()


def test_a_full_disk_leaves_no_half_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says why, and the name is free for the next try."""
    log, out = write_log(tmp_path / "log.jsonl", _documents()), tmp_path / "queue.csv"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        code = exit_code("label-queue", log, "-n", 50, "-o", out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert code == 2
    assert "queue.csv cannot be written: File too large" in capsys.readouterr().err
    assert not out.exists()


def test_nothing_compared_is_no_empty_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the challenger missed everything there is nothing to label, and the error says so."""
    missed = [Seen(f"r-{n}", challenger=Missed.ERROR) for n in range(9)]
    log, out = write_log(tmp_path / "log.jsonl", missed), tmp_path / "queue.csv"

    assert exit_code("label-queue", log, "-n", 5, "-o", out) == 2

    assert "nothing to draw: no document has answers of both" in capsys.readouterr().err
    assert not out.exists()


def test_nothing_left_to_label_is_no_empty_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where every document has a label, the error says so."""
    feedback = [FeedbackReceived(f"r-{n}", "contract", None) for n in range(200)]
    log, out = write_log(tmp_path / "log.jsonl", [*_documents(), *feedback]), tmp_path / "q.csv"

    assert exit_code("label-queue", log, "-n", 5, "-o", out) == 2

    assert "has a label already" in capsys.readouterr().err
    assert not out.exists()


def test_without_a_disagreement_nothing_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Labels of agreements cannot tell which variant is better, and nobody says that they can."""
    log = write_log(tmp_path / "log.jsonl", [Seen(f"r-{n}", second=n) for n in range(50)])

    assert exit_code("label-queue", log, "-n", 5, "-o", tmp_path / "queue.csv") == 0

    printed = capsys.readouterr().out
    assert "The variants agree on every document" in printed
    assert "decide" not in printed


def test_a_verdict_that_is_there_already_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever asks for labels learns that the question is settled."""
    documents = [
        Seen(f"r-{n}", challenger="invoice" if n % 2 else "contract", second=n) for n in range(600)
    ]
    feedback = [
        FeedbackReceived(f"r-{n}", "invoice" if n % 2 else "contract", None) for n in range(500)
    ]
    log = write_log(tmp_path / "log.jsonl", [*documents, *feedback])

    assert exit_code("label-queue", log, "-n", 5, "-o", tmp_path / "queue.csv") == 0

    assert "The verdict is already: promote." in capsys.readouterr().out


def test_a_table_of_other_documents_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ids of another system match nothing; the queue would have no text without a word."""
    log, table = write_log(tmp_path / "log.jsonl", _documents()), tmp_path / "documents.csv"
    table.write_text("request_id,text\nx-1,hello\n", encoding="utf-8")

    exit_code("label-queue", log, "-n", 5, "-o", tmp_path / "q.csv", "--documents", table)

    assert f"note: no request_id of {table} is in the queue" in capsys.readouterr().err


def test_the_draw_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script learns what was drawn, from how many, and how many labels are still needed."""
    log, out = write_log(tmp_path / "log.jsonl", _documents()), tmp_path / "queue.csv"

    assert exit_code("label-queue", log, "-n", 50, "-o", out, "--json") == 0

    drawn = json.loads(capsys.readouterr().out)
    assert drawn["rows"] == {"disagreement": 40, "agreement": 10}
    assert drawn["strata"]["disagreement"] == 40
    assert drawn["disagreement_probability"] == 1.0
    assert drawn["without_text"] == 50
    assert drawn["decision"] == "undecided"
    assert drawn["labels_needed"]["low"] > 0


@pytest.mark.parametrize("command", [("compare",), ("label-queue", "-n", 5, "-o", "queue.csv")])
def test_the_first_challenger_may_be_numbered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[object, ...]
) -> None:
    """``docs/2#1`` is ``docs/2``: a second one of the same bundle is ``docs/2#2``."""
    both = (ChallengerId("docs", "2"), ChallengerId("docs", "2", 2))
    documents = [Seen(f"r-{n}", challenger="invoice", challengers=both) for n in range(9)]
    log = write_log(tmp_path / "log.jsonl", documents)
    monkeypatch.chdir(tmp_path)

    assert exit_code(*command, log, "--challenger", "docs/2#1") != 2
    assert exit_code(*command, log, "--challenger", "docs/2#3") == 2


@pytest.mark.parametrize("command", [("compare",), ("label-queue", "-n", 5, "-o", "queue.csv")])
def test_a_terminal_sees_how_much_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[object, ...]
) -> None:
    """Reading a large log takes minutes; elsewhere than on a terminal nothing is written."""
    log = write_log(tmp_path / "log.jsonl", _documents())
    monkeypatch.chdir(tmp_path)
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)

    exit_code(*command, log)

    size = tqdm.format_sizeof(log.stat().st_size)
    assert "reading:   0%|" in terminal.getvalue()
    assert f"/{size} [" in terminal.getvalue()


def test_what_is_read_is_told_in_bytes(tmp_path: Path) -> None:
    """The log and the search for documents in it tell all of their bytes."""
    log = write_log(tmp_path / "log.jsonl", _documents(captured=True))
    read: list[int] = []
    with LogTable.read([log], read.append):
        assert sum(read) == log.stat().st_size

    captured_documents([log], {"r-1"}, read.append)

    assert sum(read) == 2 * log.stat().st_size


def test_known_labels_that_no_variant_knows_are_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Documents with them are not asked for again, so somebody should look at them."""
    log, labels = write_log(tmp_path / "log.jsonl", _documents()), tmp_path / "labels.csv"
    labels.write_text("request_id,label\nr-0,Contract\n", encoding="utf-8")
    out = tmp_path / "queue.csv"

    assert exit_code("label-queue", log, "-n", 10, "-o", out, "--labels", labels) == 0
    assert "'Contract' (1 row) looks like 'contract'" in capsys.readouterr().err
