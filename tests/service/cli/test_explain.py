"""``understudy explain``: what it prints, and which calls it refuses."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.ruled import ruled_documents
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from pathlib import Path

WRONG = {"lacking": "text,pages\nurgent,1\n", "short": "text,pages,weight,court\nurgent,1,2,NDCA\n"}
"""What is in tables that cannot be explained."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Write a table without labels, and one of another month."""
    directory = tmp_path_factory.mktemp("tables")
    march, april = directory / "march.csv", directory / "april.csv"
    ruled_documents(30, 11).drop(columns="label").to_csv(march, index=False)
    ruled_documents(30, 12, also="invoice").to_csv(april, index=False)
    return march, april


def test_one_table_is_explained(
    ruled: Path, tables: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The method, the words of each answer, and the columns; no label is needed."""
    assert exit_code("explain", ruled, tables[0]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{tables[0]}: 30 documents"
    assert lines[1].startswith("  explained by ")
    alarm = next(place for place, line in enumerate(lines) if line.startswith("  alarm, "))
    assert lines[alarm + 1].split()[0] == "urgent"
    columns = next(place for place, line in enumerate(lines) if line.startswith("  columns, "))
    assert lines[columns + 1].split()[0] == "pages"


def test_two_tables_are_shown_side_by_side(
    ruled: Path, tables: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """With the word that came."""
    assert exit_code("explain", ruled, *tables) == 0

    printed = capsys.readouterr().out
    assert f"side by side: {tables[0]}, {tables[1]}\n" in printed
    came = printed.partition("    came ")[2].splitlines()
    assert came[1].split()[:3] == ["invoice", "0", "30"]


def test_json_is_one_document(
    ruled: Path, tables: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Identity, both periods, and the comparison."""
    assert exit_code("explain", ruled, *tables, "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert {"name", "version", "fingerprint", "periods", "comparison"} == set(document)
    assert [period["table"] for period in document["periods"]] == [*map(str, tables)]
    assert {"came", "columns", "rate", "went", "words"} <= set(document["comparison"])


def test_without_captum_words_are_left_out(
    ruled: Path,
    tables: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A note says so, and how to install it."""
    monkeypatch.setitem(sys.modules, "captum", None)

    assert exit_code("explain", ruled, tables[0]) == 0

    printed = capsys.readouterr()
    assert "pip install 'understudy[explain]'" in printed.err
    assert "  explained by leaving out one word 30 (100%)\n" in printed.out


def test_a_large_table_is_said_to_be_sampled(
    ruled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes it for all rows."""
    monkeypatch.setattr("artifacts.explanation.samples.MAX_DOCUMENTS", 10)
    ruled_documents(12, 1).to_csv(table := tmp_path / "t.csv", index=False)

    assert exit_code("explain", ruled, table) == 0

    assert f"{table}: 10 documents of 12, drawn with a fixed seed\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("table", "table"), "{table} is a file, and a bundle is a directory: the bundle comes"),
        (("bundle", "bundle"), "{bundle} is a bundle: one bundle is explained"),
        (("bundle", "table", "table", "table"), "3 tables: one is explained, and two are shown"),
        (("bundle", "none"), "{none}"),
        (("bundle", "lacking"), "{lacking}: no column 'weight'"),
        (("bundle", "short"), "{short}: 1 document, and an explanation takes 5 or more"),
    ],
)
def test_a_wrong_call_is_one_line_and_2(  # noqa: PLR0913 (fixtures, by name)
    *,
    arguments: tuple[str, ...],
    complaint: str,
    ruled: Path,
    tables: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It says what was found, and nothing is on standard output."""
    paths = {"bundle": ruled, "table": tables[0], "none": tmp_path / "none.csv"}
    for name, text in WRONG.items():
        paths[name] = tmp_path / f"{name}.csv"
        paths[name].write_text(text)

    assert exit_code("explain", *(paths[argument] for argument in arguments)) == 2

    printed = capsys.readouterr()
    error = [line for line in printed.err.splitlines() if line.startswith("understudy: ")]
    assert len(error) == 1
    assert complaint.format(**paths) in error[0]
    assert printed.out == ""


def test_what_is_no_bundle_is_refused(
    tmp_path: Path, tables: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """By the guard, before anything is read."""
    assert exit_code("explain", tmp_path, tables[0]) == 78
    assert "Traceback" not in capsys.readouterr().err
