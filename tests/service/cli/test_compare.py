"""What somebody sees who runs ``understudy compare``."""

from __future__ import annotations

import csv
import gzip
import json
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from guards.evidence.pair import Missed
from tests.guards.comparison import logs
from tests.guards.comparison.logs import LABELS, Seen, write_log
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from guards.json_types import JsonObject

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "compare.schema.json").read_bytes())


def _documents(count: int = 600) -> list[Seen]:
    return [
        Seen(
            f"r-{number}",
            champion=LABELS[number % 3],
            challenger=LABELS[(number + (number % 6 == 0)) % 3],
            confidence=(0.9, 0.8),
            second=number,
            segment="emea" if number % 2 else None,
        )
        for number in range(count)
    ]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log of documents on a sixth of which the variants disagree."""
    return write_log(tmp_path / "log.jsonl", [*_documents(), Seen("late", challenger=Missed.ERROR)])


def _labels(path: Path, *, challenger_wins: bool) -> Path:
    rows = (
        f"{seen.request_id},{seen.challenger if challenger_wins else seen.champion}"
        for seen in _documents()
    )
    path.write_text("\n".join(["request_id,label", *rows]) + "\n", encoding="utf-8")
    return path


def _json(capsys: pytest.CaptureFixture[str]) -> JsonObject:
    printed = capsys.readouterr()
    document: JsonObject = json.loads(printed.out)
    Draft202012Validator(SCHEMA).validate(document)
    return document


def test_the_schema_is_one() -> None:
    """The schema in the documentation is sound itself."""
    Draft202012Validator.check_schema(SCHEMA)


def test_a_promotion_is_0(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where labels show that the challenger is better, the exit code says so."""
    labels = _labels(tmp_path / "labels.csv", challenger_wins=True)

    assert exit_code("compare", log, "--labels", labels, "--json") == 0

    document = _json(capsys)
    assert document["verdict"]["decision"] == "promote"
    assert document["verdict"] == document["challengers"][0]["verdict"]
    assert document["challengers"][0]["accuracy"]["challenger"]["accuracy"]["value"] == 1.0


def test_the_page_has_the_verdict_and_what_it_rests_on(tmp_path: Path, log: Path) -> None:
    """It runs nothing, and the same logs give the same bytes."""
    labels = _labels(tmp_path / "labels.csv", challenger_wins=True)
    out = tmp_path / "compare.html"
    assert exit_code("compare", log, "--labels", labels, "-o", out) == 0
    first = out.read_text("utf-8")
    assert exit_code("compare", log, "--labels", labels, "-o", out) == 0
    assert out.read_text("utf-8") == first
    told = unescape(re.sub("<[^>]*>", "\n", first))
    places = [
        told.index(each)
        for each in (
            "Promote docs/2: it is to take the place of docs/1",
            "Verdict on docs/2",
            "success: better",
            "Compared 600 of 601 documents, 1 error.",
            "mean confidence",
            "the champion's labels by row",
            "by class",
            "by segment",
            "What this rests on",
        )
    ]
    assert places == sorted(places)
    assert "<script" not in first


def test_a_page_has_a_name_that_says_so(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another one is a wrong call."""
    assert exit_code("compare", log, "-o", tmp_path / "compare.md") == 2
    assert "ends in .html" in capsys.readouterr().err


def test_labels_in_another_spelling_join(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that writes 1.0 and TRUE judges a champion that answers 1 and True."""
    monkeypatch.setattr(logs, "LABELS", ("1", "True", "x"))
    seen = [Seen(f"r-{n}", ("1", "True")[n % 2], ("1", "True")[n % 2]) for n in range(40)]
    log = write_log(tmp_path / "log.jsonl", seen)
    labels = tmp_path / "labels.csv"
    rows = (f"r-{number},{('1.0', 'TRUE')[number % 2]}" for number in range(40))
    labels.write_text("\n".join(["request_id,label", *rows]), encoding="utf-8")

    exit_code("compare", log, "--labels", labels, "--json")

    accuracy = _json(capsys)["challengers"][0]["accuracy"]
    assert accuracy["champion"]["accuracy"]["value"] == 1.0


def test_labels_that_no_variant_knows_are_noted(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They count as wrong answers of both, and somebody should look at them."""
    labels = tmp_path / "labels.csv"
    labels.write_text("request_id,label\nr-0,zz\nr-1,NA\n", encoding="utf-8")

    exit_code("compare", log, "--labels", labels, "--json")

    missing, unknown = capsys.readouterr().err.splitlines()
    assert "1 row holds 'NA', which looks like a missing value" in missing
    assert "1 row with unknown labels: 'zz' (1 row), none of the champion's" in unknown


def test_anything_else_is_1(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Keep and undecided are both no reason to promote."""
    labels = _labels(tmp_path / "labels.csv", challenger_wins=False)

    assert exit_code("compare", log, "--json") == 1
    assert _json(capsys)["verdict"]["decision"] == "undecided"
    assert exit_code("compare", log, "--labels", labels, "--json") == 1
    assert _json(capsys)["verdict"]["decision"] == "keep"


def test_the_table_for_people(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a label it tells coverage, agreement, confidence, and what is missing."""
    exit_code("compare", log)

    printed = capsys.readouterr().out
    assert "champion docs/1" in printed
    assert "600 of 601" in printed
    assert "1 error" in printed
    assert "83.3%" in printed
    assert "-0.100" in printed
    assert "verdict: undecided" in printed
    assert "more labels if you label disagreements only" in printed
    assert "no labels: send them to /v1/feedback" in printed


def test_labels_tell_the_accuracy_of_both(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With labels of any documents, precision, recall and F1 of both stand by class."""
    labels = _labels(tmp_path / "labels.csv", challenger_wins=True)

    exit_code("compare", log, "--labels", labels)

    printed = capsys.readouterr().out
    assert "accuracy of the champion 0.833" in printed
    assert "accuracy of the challenger 1.000" in printed
    assert "precision, recall and F1 by class, with 95 % intervals" in printed
    champion, challenger = re.findall(r"(?:contract +champion|\n +challenger) .*", printed)[:2]
    assert re.search(r"0\.500 \(0\.\d+ to 0\.\d+\)  1\.000 \(0\.\d+ to 1\) +0\.667 \(", champion)
    assert re.search(r"1\.000 \(0\.\d+ to 1\) +1\.000 \(0\.\d+ to 1\) +1\.000 \(", challenger)
    assert "known gain" in printed
    assert "verdict: promote" in printed


def test_rules_and_guardrails(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is asked for is what the criteria are about."""
    labels = _labels(tmp_path / "labels.csv", challenger_wins=True)
    options = ["--if", "not-worse", "--margin", ".05", "--guardrail", "errors=.001"]

    assert exit_code("compare", log, "--labels", labels, *options, "--json") == 1

    verdict = _json(capsys)["verdict"]
    assert [(c["kind"], c["name"], c["shown"]) for c in verdict["criteria"][:2]] == [
        ("success", "not-worse", True),
        ("guardrail", "errors=0.001", False),
    ]
    assert any(reason.startswith("not shown yet: errors") for reason in verdict["because"])


def test_rows_without_meaning_are_counted_and_said(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ids that no log holds, and rows without a label, are no error."""
    labels = tmp_path / "labels.csv"
    labels.write_text("request_id,label\nnobody,invoice\nr-1,\nr-2,invoice\n", encoding="utf-8")

    exit_code("compare", log, "--labels", labels, "--json")

    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document["label_rows_left_out"] == 1
    assert "labels.csv: row 2: has no label" in printed.err
    assert document["challengers"][0]["labels"]["unmatched"] == 1
    assert document["challengers"][0]["labels"]["labelled"] == 2


def test_torn_and_repeated_lines_and_a_broken_file_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What could not be read is in the report, and what could is compared."""
    log = write_log(tmp_path / "log.jsonl", _documents(100))
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:50], *lines[40:50], b"{torn", b"\n", *lines[60:]]))
    compressed = gzip.compress(log.read_bytes())
    half = tmp_path / "half.jsonl.gz"
    half.write_bytes(compressed[: len(compressed) // 2])

    exit_code("compare", log, half, "--json")

    account = _json(capsys)["log"]
    assert account["torn"] >= 1
    assert account["duplicates"] >= 10
    assert (account["gaps"], account["missing"]) == (1, 10)
    (broken,) = account["broken"]
    assert broken["path"] == str(half)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing argument"),
        (["nowhere.jsonl"], "nowhere.jsonl"),
        ([__file__], "no line of"),
        (["."], "cannot be read"),
    ],
)
def test_a_log_that_is_none_is_a_wrong_call(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear line, exit 2, and no traceback."""
    assert exit_code("compare", *arguments) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err
    assert "Traceback" not in printed.err


def test_a_log_of_a_later_version_is_said_to_be_one(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever kept an old Understudy learns that the log is not at fault."""
    lines = [{**json.loads(line), "schema": 99} for line in log.read_bytes().splitlines()]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    assert exit_code("compare", log) == 2

    assert "601 lines of a newer schema: read it with a newer Understudy" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--labels", "nowhere.csv"], "no such file"),
        (["--guardrail", "speed=3"], "expected class:NAME=MARGIN"),
        (["--guardrail", "class:nobody=.1"], "none of the champion's labels"),
        (["--ripe", "a week"], "45s, 30m, 12h or 7d"),
        (["--ripe", "9" * 400 + "d"], "--ripe: expected at most 100 years"),
        (["--margin", "2"], "2"),
        (["--margin", "nan"], "'nan' is no number between 0 and 1"),
        (["--challenger", "docs/9"], "no challenger 'docs/9'"),
        (["--if", "worse"], "worse"),
    ],
)
def test_a_wrong_option_is_a_wrong_call(
    log: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names what was given and what is expected."""
    assert exit_code("compare", log, *options) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err


def test_names_from_clients_are_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A segment cannot act on the terminal of whoever reads the table."""
    documents = [Seen(f"r-{n}", segment="\x1b[31mred", second=n) for n in range(20)]

    exit_code("compare", write_log(tmp_path / "log.jsonl", documents))

    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\\x1b[31mred" in printed


def test_a_queue_that_is_filled_in_decides(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the log to a queue, to its labels, to a verdict; the figures are of both variants."""
    queue = tmp_path / "queue.csv"
    truths = {seen.request_id: str(seen.challenger) for seen in _documents()}

    exit_code("label-queue", log, "-n", 150, "-o", queue)
    with queue.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with queue.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "label": truths[row["request_id"]]} for row in rows)
    capsys.readouterr()

    assert exit_code("compare", log, "--labels", queue, "--json") == 0
    challenger = _json(capsys)["challengers"][0]
    assert challenger["labels"]["waiting"] == 0
    assert challenger["accuracy"]["champion"]["labels"] == "queue"
    assert challenger["accuracy"]["challenger"]["accuracy"]["value"] == 1.0
    assert challenger["accuracy"]["champion"]["accuracy"]["value"] == pytest.approx(5 / 6, abs=0.02)
    assert challenger["accuracy"]["gain_known"] == 600


def _printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return what ``compare`` prints."""
    capsys.readouterr()
    assert exit_code("compare", *arguments) in (0, 1)
    return capsys.readouterr().out


def test_nothing_compared_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No interval and no table pretends to say something where everything was missed."""
    missed = [Seen(f"r-{n}", challenger=Missed.ERROR, second=n) for n in range(9)]

    printed = _printed(capsys, write_log(tmp_path / "log.jsonl", missed))

    assert "nothing to compare: of 9 documents, 9 missed (error)" in printed
    assert "by class" not in printed
    assert "cost" not in printed
    assert "0 to 100" not in printed
    assert "verdict: undecided" in printed


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("nobody,invoice\n", "none of the labels can be used\n  labels: 1 labelled, 1 unmatched"),
        ("", "no labels: the named tables hold none"),
    ],
)
def test_a_table_without_use_is_said_to_have_none(
    tmp_path: Path, log: Path, rows: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever named a table is not told to name one, nor that its labels tell a difference."""
    labels = tmp_path / "labels.csv"
    labels.write_text(f"request_id,label\n{rows}", encoding="utf-8")

    printed = _printed(capsys, log, "--labels", labels)

    assert words in printed
    assert "name tables" not in printed
    assert "labels of disagreements alone" not in printed


def test_labels_of_young_documents_are_not_taken_for_disagreements(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The labels came for all documents, and only their age keeps them out."""
    labels = _labels(tmp_path / "labels.csv", challenger_wins=True)

    printed = _printed(capsys, log, "--labels", labels, "--ripe", "7d")

    assert "600 labels are of documents too young" in printed
    assert "none of the labels can be used" in printed
    assert "labels of disagreements alone" not in printed


def test_labels_of_drawn_disagreements_tell_no_accuracy(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They decide which variant is better, and the text says why there is no accuracy."""
    labels = tmp_path / "labels.csv"
    rows = (
        f"{seen.request_id},{seen.challenger},queue,disagreement,1"
        for seen in _documents()
        if seen.champion != seen.challenger
    )
    head = "request_id,label,source,stratum,inclusion_probability"
    labels.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")

    printed = _printed(capsys, log, "--labels", labels)

    assert "labels of disagreements alone tell the difference, and neither accuracy" in printed


def test_rows_that_are_left_out_are_in_the_text(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report on standard output is whole without standard error."""
    labels = tmp_path / "labels.csv"
    labels.write_text("request_id,label\nr-1,\nr-2,invoice\n", encoding="utf-8")

    assert "1 rows of label tables were left out" in _printed(capsys, log, "--labels", labels)


def test_a_table_of_which_no_row_can_be_used_is_a_wrong_call(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A verdict without the labels that were meant is no answer."""
    labels = tmp_path / "labels.csv"
    labels.write_text("request_id,label\nr-1,\nr-2,\n", encoding="utf-8")

    assert exit_code("compare", log, "--labels", labels) == 2
    assert "none of the rows can be used" in capsys.readouterr().err


def test_many_labels_are_listed_in_pairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A matrix of many labels is too wide, and the list in its place has a title of its own."""
    names = [f"kind-{n}" for n in range(9)]
    documents = [
        Seen(f"{name}-{n}", champion=name, challenger=name if n else "memo")
        for name in names
        for n in range(2)
    ]
    log = write_log(tmp_path / "log.jsonl", documents)
    lines = [json.loads(line) for line in log.read_bytes().splitlines()]
    for line in lines:
        _know_all(line, [*names, "memo"])
    log.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    printed = _printed(capsys, log)

    assert "most frequent disagreements: the champion's label -> the challenger's" in printed
    assert "kind-8  ->  memo  1" in printed
    assert "by column" not in printed


def _know_all(line: JsonObject, names: list[str]) -> None:
    """Let both variants know all labels."""
    for answer in (line["champion"], line["challengers"][0]):
        answer["probabilities"] = {**dict.fromkeys(names, 0.0), **answer["probabilities"]}


def test_earlier_periods_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What does not fit is said to be there."""
    documents = [Seen(f"r-{n}", second=60 * n) for n in range(14)]

    printed = _printed(capsys, write_log(tmp_path / "log.jsonl", documents))

    assert "… and 3 earlier with --json" in printed
