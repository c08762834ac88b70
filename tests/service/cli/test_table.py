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
    path.write_text("id;body;kind;city\n1;a;Spam;NA\n2;b;spam;Berlin\n3;c;ham;Berlin\n4;d;ham;\n")
    return path


def test_what_somebody_sees(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Columns, labels and their counts; notes stand on standard error."""
    assert exit_code("table", path, *ROLES) == 0

    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == f"{path}: 4 rows"
    assert lines[3].split() == ["body", "text", "a", "text", "0.0%", "0.0%", "'a',", "'b',", "'c'"]
    assert lines[5].split() == ["city", "categorical", "a", "text", "25.0%", "25.0%"]
    assert lines[6:] == ["3 labels", "  ham   2", "  Spam  1", "  spam  1"]
    assert "its cells are separated by ';'" in printed.err
    assert "note: city: 1 row holds 'NA'" in printed.err
    assert "labels 'Spam' (1 row) and 'spam' (1 row) look the same" in printed.err
    assert "Berlin" not in printed.out + printed.err


def test_json_stands_alone(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document with columns, labels, notes, and no error."""
    assert exit_code("table", path, *ROLES, "--missing", "NA", "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert (document["rows"], document["error"]) == (4, None)
    assert document["labels"] == {"ham": 2, "Spam": 1, "spam": 1}
    assert document["columns"][3] == {
        "name": "city", "role": "categorical", "types": ["a text"], "missing": 0.5, "odd": 0.0,
        "values": [],
    }  # fmt: skip
    assert len(document["notes"]) == 2


def test_without_roles(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every column is described, so that somebody can choose."""
    assert exit_code("table", path) == 0
    assert "id      -     a number" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ("--text", "body", "--label", "kind", "--numeric", "city"),
            "declare it by --missing NA in",
        ),
        (("--text", "body", "--label", "city"), "row 4 of 'city' has no label"),
        (("--label", "nope"), "no column 'nope'; it has 'id', 'body', 'kind', 'city'"),
        (("--text", "body", "--label", "body", "--numeric", "id"), "is given two roles"),
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
