"""``understudy evaluate``: what it prints, and which calls it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from artifacts.demo.documents import champion_training
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a table of documents that training did not see."""
    path = tmp_path_factory.mktemp("tables") / "fresh.csv"
    champion_training(60, 9).to_csv(path, index=False)
    return path


def test_one_bundle_is_measured(
    champion: Path, fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The figures, over which classes, and how wide their intervals are."""
    assert exit_code("evaluate", champion, fresh) == 0

    printed = capsys.readouterr().out
    assert printed.startswith(f"60 rows of {fresh}, figures with 95 % intervals\n")
    assert "classes\n" in printed


def test_json_of_one_bundle_is_one_document(
    champion: Path, fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Identity and figures, at the top level."""
    assert exit_code("evaluate", champion, fresh, "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert {"name", "version", "fingerprint", "rows", "accuracy", "macro_f1"} <= set(document)
    assert {"value", "low", "high"} <= set(document["calibration_error"])
    assert document["left_out"] == 0


def test_two_bundles_are_compared(
    champion: Path, challenger: Path, fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the same rows: the difference, and what only one of them has right."""
    assert exit_code("evaluate", champion, challenger, fresh) == 0

    printed = capsys.readouterr().out
    assert printed.startswith(f"60 rows of {fresh}, answered by both")
    assert "accuracy of docs/2 minus that of docs/1" in printed
    assert "McNemar's exact p" in printed


def test_json_of_two_bundles_is_one_document(
    champion: Path, challenger: Path, fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both bundles' figures, in the order given, and the comparison."""
    assert exit_code("evaluate", challenger, champion, fresh, "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert [bundle["version"] for bundle in document["bundles"]] == ["2", "1"]
    assert {"won", "lost", "difference", "agreement", "p_value", "classes"} <= set(document)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("table", "bundle"), "{table} is a table and {bundle} a bundle: the bundle comes first"),
        (
            ("table", "bundle", "bundle"),
            "{table} is a table and {bundle} a bundle: the bundle comes first",
        ),
        (("bundle", "table", "bundle"), "{table} is a table and {bundle} a bundle"),
        (("table", "table"), "{table} is a file, and a bundle is a directory"),
        (("bundle", "bundle"), "{bundle} is a bundle: the table that it is measured on comes last"),
        (("bundle", "bundle", "bundle", "table"), "3 bundles before {table}"),
    ],
)
def test_arguments_in_another_order_are_told(
    arguments: tuple[str, ...],
    complaint: str,
    champion: Path,
    fresh: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line says what was found where, before anything is opened."""
    paths = {"bundle": champion, "table": fresh}

    assert exit_code("evaluate", *(paths[argument] for argument in arguments)) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert complaint.format(**paths) in line


def test_what_is_missing_is_told(
    champion: Path, fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With one argument, the line says what it is, and what has to stand beside it."""
    assert exit_code("evaluate", fresh) == 2
    assert f"{fresh}: the bundle is missing" in capsys.readouterr().err
    assert exit_code("evaluate", champion) == 2
    assert f"{champion}: the table that it is measured on is missing" in capsys.readouterr().err


def test_a_directory_that_is_no_bundle(
    champion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table in parts is not called a bundle."""
    assert exit_code("evaluate", champion, tmp_path) == 2
    assert "is a bundle" not in capsys.readouterr().err
