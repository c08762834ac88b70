"""Columns with functions of their own are confirmed in the same way in every command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from artifacts.demo.documents import champion_training
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.tables import ColumnRoles, as_table
from tests.models import save_joined_model
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ("numpy.log1p", "numpy.sqrt")
SETTING = "UNDERSTUDY_TRUST"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seal a bundle, beside the files that it was made of and a table."""
    directory = tmp_path_factory.mktemp("trust")
    frame = champion_training(60, 9)
    functions = [FunctionTransformer(np.log1p), FunctionTransformer(np.sqrt)]
    columns = make_pipeline(SimpleImputer(), *functions).fit(frame[["pages"]])
    joblib.dump(columns, directory / "columns.joblib")
    labels = sorted(set(frame["label"]))
    save_joined_model(directory / "model", labels, list(frame["text"]), 1)
    frame.to_csv(directory / "table.csv", index=False)
    roles = ColumnRoles(("text",), "label", ("pages",))
    options = ImportOptions(
        directory / "model", directory / "columns.joblib", trusted=NAMES, accelerate=False
    )
    import_model(as_table(frame, roles, "t"), roles, directory / "docs" / "1", options)
    return directory


def sealing(made: Path) -> tuple[object, ...]:
    """Return the command that seals it again."""
    roles = ("--text", "text", "--label", "label", "--numeric", "pages")
    files = ("--model", made / "model", "--columns", made / "columns.joblib")
    return ("seal", *files, "--reference", made / "table.csv", *roles, "--no-accelerate")


COMMANDS: dict[str, Callable[[Path], tuple[object, ...]]] = {
    "evaluate": lambda made: ("evaluate", made / "docs" / "1", made / "table.csv"),
    "verify": lambda made: ("verify", made / "docs" / "1"),
    "accelerate": lambda made: ("accelerate", made / "docs" / "1", "--max-flips", 0),
    "seal": lambda made: (*sealing(made), "--out", made / "docs" / "again"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_refusal_advises_works(
    command: str, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One refusal names everything, and its options, added to the same command, are enough."""
    call = COMMANDS[command](made)
    assert exit_code(*call) == 78
    refusal = capsys.readouterr().err
    options = re.findall(r"(--trust \S+(?: --trust [\w.]+)*)", refusal)
    advised = max(options, key=len).split()
    assert advised == ["--trust", NAMES[0], "--trust", NAMES[1]]

    assert exit_code(*call, *advised) in {0, 1}
    capsys.readouterr()


@pytest.mark.parametrize("command", ["evaluate", "verify"])
def test_option_and_setting_add_up(
    command: str, made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The setting is enough, and an option goes with what the setting names."""
    call = COMMANDS[command](made)
    monkeypatch.setenv(SETTING, ", ".join(NAMES))
    assert exit_code(*call) in {0, 1}
    monkeypatch.setenv(SETTING, NAMES[0])
    assert exit_code(*call) == 78
    assert exit_code(*call, "--trust", NAMES[1]) in {0, 1}
    capsys.readouterr()


def test_comparing_bundles_needs_no_trust(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is loaded; the option is taken there as well."""
    bundle = made / "docs" / "1"
    assert exit_code("diff", bundle, bundle) == 0
    assert exit_code("diff", bundle, bundle, "--trust", NAMES[0]) == 0
    assert "nothing differs" in capsys.readouterr().out


def test_what_is_trusted_beside_what_a_file_loads_is_not_recorded(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A setting for other bundles does not become part of this one."""
    monkeypatch.setenv(SETTING, ",".join(("some.other.Class", *NAMES)))
    out = made / "docs" / "recorded"
    assert exit_code(*sealing(made), "--out", out) == 0
    manifest = (out / "manifest.json").read_text(encoding="utf-8")
    assert "some.other.Class" not in manifest
    assert all(name in manifest for name in NAMES)
    capsys.readouterr()
