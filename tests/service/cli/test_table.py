"""``understudy table`` shows what a table holds, and refuses what training would refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from pathlib import Path

ROLES = ("--text", "body", "--label", "kind", "--categorical", "city", "--private", "city")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a table with a marker, a private column, and labels that look the same."""
    path = tmp_path / "t.csv"
    rows = "1;a;Spam;NA\n2;b;spam;Berlin\n3;c;ham;Berlin\n4;d;ham;\n"
    path.write_text(f"id;body;kind;city\n{rows}" + "5;e;ham;Bonn\n" * 16)
    return path


def test_what_somebody_sees(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Columns, labels and their counts; notes stand on standard error."""
    assert exit_code("table", path, *ROLES) == 0

    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == f"{path}: 20 rows"
    assert lines[3].split() == ["body", "text", "a", "text", "0.0%", "0.0%", "'a',", "'b',", "'c'"]
    assert lines[5].split() == ["city", "categorical", "a", "text", "5.0%", "5.0%"]
    assert lines[6:] == ["3 labels", "  ham   18", "  Spam  1", "  spam  1"]
    assert "its cells are separated by ';'" in printed.err
    assert "note: city: 1 row holds 'NA'" in printed.err
    assert "labels 'Spam' (1 row) and 'spam' (1 row) look the same" in printed.err
    assert "Berlin" not in printed.out + printed.err


def test_json_stands_alone(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document with columns, labels, notes, and no error."""
    assert exit_code("table", path, *ROLES, "--missing", "NA", "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert (document["rows"], document["error"]) == (20, None)
    assert document["labels"] == {"ham": 18, "Spam": 1, "spam": 1}
    assert document["columns"][3] == {
        "name": "city", "role": "categorical", "types": ["a text"], "missing": 0.1, "odd": 0.0,
        "values": [],
    }  # fmt: skip
    assert len(document["notes"]) == 3
    assert document["notes"][-1] == ("--missing NA: stands for a missing value in 1 cell of 'city'")


def test_without_roles(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every column is described, so that somebody can choose."""
    assert exit_code("table", path) == 0
    assert "id      -     a number" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ("--text", "body", "--label", "kind", "--numeric", "city"),
            "make the bundle with --missing city=NA",
        ),
        (("--text", "body", "--label", "city"), "row 4 of 'city' has no label"),
        (("--label", "nope"), "no column 'nope'; it has 'id', 'body', 'kind', 'city'"),
        (("--text", "body", "--label", "body", "--numeric", "id"), "is given two roles"),
        (("--numeric", "city"), "row 1 of 'city' holds 'NA': it is not a finite number"),
        (("--numeric", "body"), "declare a column that holds texts by --categorical body"),
        (("--label", "city"), "row 4 of 'city' has no label"),
        (("--text", "Body"), "did you mean 'body'?"),
        (("--numeric", "id", "--missing", ""), "--missing '': an empty cell is missing anyway"),
    ],
)
def test_what_training_would_refuse(
    path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], says: str
) -> None:
    """The exit code is 2, and the last line is the error of training."""
    assert exit_code("table", path, *options) == 2

    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("understudy: ")
    assert says in last


def test_identifiers_as_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are refused as in training, after a look at the columns."""
    path = tmp_path / "t.csv"
    path.write_text("doc_id,text\n" + "".join(f"d{n},text {n}\n" for n in range(50)))

    assert exit_code("table", path, "--text", "text", "--label", "doc_id", "--json") == 2

    printed = capsys.readouterr()
    assert "50 different labels in 50 rows" in json.loads(printed.out)["error"]
    assert "understudy: " in printed.err


def test_an_index_without_a_name_has_no_role(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What ``to_csv`` writes beside the columns is described like any other."""
    (tmp_path / "t.csv").write_text(",text\n0,a\n1,b\n")

    assert exit_code("table", tmp_path / "t.csv", "--json") == 0

    columns = json.loads(capsys.readouterr().out)["columns"]
    assert [(column["name"], column["role"]) for column in columns] == [("", None), ("text", None)]


def test_each_role_by_itself(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A column is noted as in training, whether or not text and label are named."""
    assert exit_code("table", path, "--categorical", "city") == 0
    assert "note: city: 1 row holds 'NA'" in capsys.readouterr().err

    assert exit_code("table", path, "--label", "kind") == 0
    printed = capsys.readouterr()
    assert "3 labels" in printed.out
    assert "'Spam' (1 row) and 'spam' (1 row) look the same" in printed.err


@pytest.mark.parametrize(
    ("rows", "options", "says"),
    [
        (2, (), "note: to train on it: 2 rows are too few to train on and hold some out"),
        (4, (), "note: to train on it: no class has rows enough to hold some out"),
        (200, ("--categorical", "id"), "an identifier, it seems; leave the column out"),
    ],
)
def test_what_training_would_find_out_later(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    rows: int,
    options: tuple[str, ...],
    says: str,
) -> None:
    """Identifiers are refused after a look at the columns; a few rows may be for validation."""
    path = tmp_path / "t.csv"
    body = "".join(f"text,{'ab'[number % 2]},id {number}\n" for number in range(rows))
    path.write_text(f"text,kind,id\n{body}")

    code = exit_code("table", path, "--text", "text", "--label", "kind", *options)
    assert code == (2 if options else 0)
    assert says in capsys.readouterr().err


def test_many_rare_categories_are_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How many rows would be encoded as unknown is said before anything is fitted."""
    path = tmp_path / "t.csv"
    cells = [f"rare {number}" for number in range(20)] + ["often"] * 40
    path.write_text("city\n" + "".join(f"{cell}\n" for cell in cells))

    assert exit_code("table", path, "--categorical", "city") == 0
    assert "note: city: 21 categories in 60 rows; the 1 most frequent" in capsys.readouterr().err


def test_the_columns_with_a_role_tell_the_delimiter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in training; without them nobody knows, and that is said."""
    path = tmp_path / "t.csv"
    path.write_text("text;net, gross\na;1,5\nb;2,5\n")

    assert exit_code("table", path) == 2
    assert "its cells may be separated by ',' or ';'" in capsys.readouterr().err
    assert exit_code("table", path, "--text", "text") == 0
    assert "2 rows" in capsys.readouterr().out


def test_one_row_and_one_label(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One is not several."""
    path = tmp_path / "t.csv"
    path.write_text("kind\na\n")

    assert exit_code("table", path, "--label", "kind") == 2
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[-2]) == (f"{path}: 1 row", "1 label")
