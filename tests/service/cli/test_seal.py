"""``understudy seal``: what it prints, and what it says to somebody who mistypes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from artifacts.bundle.opening import open_bundle
from tests.models import save_model
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("contract", "invoice", "letter")


def table() -> pd.DataFrame:
    """Return what a team has in memory: a whole number with a gap is a float there."""
    rows = np.arange(30)
    return pd.DataFrame(
        {
            "body": [f"the {LABELS[row % 3]} number {row}" for row in rows],
            "verdict": [LABELS[row % 3] for row in rows],
            "age": rows % 7 + 20,
            "grade": np.where(rows % 5 == 4, np.nan, rows % 3 + 1),
            "paid": rows % 2 == 0,
        }
    )


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with a model, columns and a table, and work there."""
    frame = table()
    frame.to_csv(tmp_path / "held_out.csv", index=False)
    save_model(tmp_path / "model", "bert", LABELS, list(frame["body"]))
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
        (OneHotEncoder(handle_unknown="ignore"), ["grade", "paid"]),
    )
    joblib.dump(columns.fit(frame[["age", "grade", "paid"]]), tmp_path / "columns.joblib")
    monkeypatch.chdir(tmp_path)
    return tmp_path


TEXT_ALONE = {
    "--model": "model", "--reference": "held_out.csv", "--text": "body", "--label": "verdict",
    "--out": "sealed/1",
}  # fmt: skip
COLUMNS = {"--columns": "columns.joblib", "--numeric": "age"}


def seal(*more: str, **replaced: str) -> int:
    """Run ``understudy seal`` here with options replaced and added, and return the exit code."""
    options = {**TEXT_ALONE, **{f"--{name}": value for name, value in replaced.items()}}
    words = [word for option in options.items() for word in option]
    return exit_code("seal", *words, "--no-accelerate", *more)


def with_columns(*more: str, **replaced: str) -> int:
    """Do the same with the columns and their roles."""
    words = [word for option in COLUMNS.items() for word in option]
    return seal(*words, "--categorical", "grade", "--categorical", "paid", *more, **replaced)


def test_json_stands_alone(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON document on standard output; notes, and where the bundle is, on the other."""
    assert seal("--json") == 0

    printed = capsys.readouterr()
    report = json.loads(printed.out)
    bundle = open_bundle(worker / "sealed" / "1")
    assert report["fingerprint"] == bundle.manifest.fingerprint
    assert report["rows"] == 30
    assert set(report["classes"]) == set(LABELS)
    assert report["notes"][0] == "texts are cut to 64 tokens, from tokenizer_config.json"
    assert report["notes"][1].startswith("30 held-out rows are few")
    for note in report["notes"]:
        assert f"note: {note}" in printed.err
    assert f"sealed sealed/1  {report['fingerprint']}" in printed.err


def test_figures_for_people(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json the figures are a table, and the bundle opens."""
    assert seal("--calibration", "none") == 0

    printed = capsys.readouterr().out
    assert printed.startswith("30 rows of held_out.csv")
    assert "accuracy" in printed
    assert open_bundle(worker / "sealed" / "1").manifest.temperature == 1.0


def test_table_as_a_csv(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A CSV's True and 1.0 are the truth values and numbers that the columns were fitted on."""
    assert "1.0,True" in (worker / "held_out.csv").read_text()
    assert with_columns() == 0
    assert "unknown category" not in capsys.readouterr().err

    bundle = open_bundle(worker / "sealed" / "1")

    grade, paid = bundle.preprocessing.schema.categorical
    assert (grade.categories, paid.categories) == (("1", "2", "3"), ("false", "true"))
    rows = [{"age": 21, "grade": 3, "paid": False}, {"age": "21", "grade": "3.0", "paid": "False"}]
    encoded = bundle.preprocessing.encode(
        ["x", "x"], bundle.preprocessing.canonical([{"features": row} for row in rows])
    )
    assert encoded[0].columns.tobytes() == encoded[1].columns.tobytes()
    assert encoded[0].row.unknown == encoded[1].row.unknown == ()


def test_missing_markers_of_the_table(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What pandas took for missing in training is noted as a category, and missing if declared."""
    table().to_csv(worker / "held_out.csv", index=False, na_rep="NA")

    assert with_columns() == 0
    assert "note: grade: 6 rows hold 'NA', which looks like a missing" in capsys.readouterr().err
    assert with_columns("--missing", "NA", out="sealed/2") == 0
    assert "'NA'" not in capsys.readouterr().err

    preprocessing = open_bundle(worker / "sealed" / "2").preprocessing
    assert preprocessing.schema.missing == ("NA",)
    rows = [{"age": "NA", "grade": "NA", "paid": True}, {"age": None, "grade": None, "paid": True}]
    marked, missing = preprocessing.encode(
        ["x", "x"], preprocessing.canonical([{"features": row} for row in rows])
    )
    assert marked.row.missing == missing.row.missing == ("age", "grade")
    assert marked.columns.tobytes() == missing.columns.tobytes()


@pytest.mark.parametrize("marker", ["3.0", "grade=3.0"])
def test_a_known_category_is_not_missing(
    worker: Path, capsys: pytest.CaptureFixture[str], marker: str
) -> None:
    """A marker that the encoder was fitted with would be two things."""
    assert with_columns("--missing", marker) == 2

    *_, said = capsys.readouterr().err.splitlines()
    assert said == "understudy: --missing 3: the columns know '3' as a category of 'grade'"
    assert not (worker / "sealed").exists()


def test_a_table_of_a_spreadsheet(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Semicolons are noted, and another encoding is refused in one line that says what to do."""
    text = table().to_csv(index=False, sep=";")

    (worker / "held_out.csv").write_text(text, encoding="utf-8-sig")
    assert with_columns() == 0
    assert "note: held_out.csv: its cells are separated by ';'" in capsys.readouterr().err
    (worker / "held_out.csv").write_bytes(text.replace("the letter", "l\xe9tter").encode("cp1252"))
    assert with_columns(out="sealed/2") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("understudy: held_out.csv: row 3: byte 0xe9 is no UTF-8; save the table")


MISTYPED: dict[str, tuple[dict[str, str], str]] = {
    "no such model": ({"model": "modle"}, "--model modle: no such directory"),
    "no such table": ({"reference": "held.csv"}, "held.csv: no such file"),
    "table of another kind": ({"reference": "columns.joblib"}, "expected .csv, .tsv, .parquet"),
    "no such text": ({"text": "bdy"}, "no column 'bdy'; it has 'body', 'verdict'"),
    "no such label": ({"label": "verdcit"}, "no column 'verdcit'"),
    "other labels": ({"label": "paid"}, "the table has label 'false', and the model knows"),
    "a file as the model": ({"model": "held_out.csv"}, "--model held_out.csv: a file"),
    "exists": ({"out": "model"}, "model: exists already"),
    "text twice": ({"label": "body"}, "column 'body' is given two roles"),
    "too long": ({"max-length": "1000"}, "--max-length 1000: the model has 128 positions"),
    "too short": ({"max-length": "3"}, "Invalid value for '--max-length'"),
    "no columns for it": ({"numeric": "age"}, "column 'age' needs --columns"),
    "no such columns": (
        {"columns": "c.joblib"},
        "--columns c.joblib: cannot be read: No such file",
    ),
    "a directory": (
        {"columns": "model"},
        "--columns model: a directory; give a file that joblib.dump wrote",
    ),
    "no joblib file": ({"columns": "held_out.csv"}, "is no joblib file"),
    "undeclared": ({"columns": "columns.joblib", "numeric": "age"}, "takes 'grade'; say --numeric"),
    "private text": ({"private": "body"}, "--private 'body' is neither"),
    "not in the table": ({"columns": "columns.joblib", "numeric": "aeg"}, "no column 'aeg'"),
}


@pytest.mark.parametrize("what", MISTYPED)
def test_wrong_call(worker: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    """It exits with 2 and one line that says what is wrong, and leaves nothing behind."""
    replaced, message = MISTYPED[what]
    before = {path: path.read_bytes() for path in worker.rglob("*") if path.is_file()}

    assert seal(**replaced) == 2

    errors = capsys.readouterr().err.strip()
    assert message in errors
    assert "Traceback" not in errors
    last = errors.splitlines()[-1]
    assert last.startswith(("understudy: ", "Error: "))
    assert {path: path.read_bytes() for path in worker.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("garbage", [b"", b"\x80\x04", b"\x80\x04.", b"PK\x03\x04", b"x\x9c123"])
def test_columns_that_are_no_joblib_file(
    worker: Path, capsys: pytest.CaptureFixture[str], garbage: bytes
) -> None:
    """Whatever lies in the file, it is a wrong call in one line."""
    (worker / "columns.joblib").write_bytes(garbage)

    assert with_columns() == 2

    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("understudy: --columns columns.joblib: ")
    assert not (worker / "sealed").exists()


def test_columns_with_a_classifier_behind_them(
    worker: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole pipeline is refused: the classifier at its end is named, and what to dump instead."""
    frame = table()
    whole = make_pipeline(StandardScaler(), LogisticRegression())
    joblib.dump(whole.fit(frame[["age"]], frame["verdict"]), worker / "columns.joblib")

    assert seal(columns="columns.joblib", numeric="age") == 78

    errors = capsys.readouterr().err
    assert "LogisticRegression" in errors
    assert "dump what encodes the columns" in errors
    assert "Traceback" not in errors
    assert not (worker / "sealed").exists()


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` shows a whole call."""
    assert exit_code("seal", "--help") == 0

    assert "understudy seal --model ./my-bert" in capsys.readouterr().out
