"""Refusals as ``understudy verify`` prints them, without a traceback."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from artifacts.bundle.opening import open_bundle
from artifacts.bundle.sealed_columns import estimator_of
from service.cli import main
from tests.faults.resealing import dumped, reseal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

COLUMNS = "preprocessing/columns.joblib"


class _Call:
    def __init__(self, directory: Path) -> None:
        self._directory = str(directory)

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self._directory,)


def _scaler(columns: Any) -> Any:  # noqa: ANN401 (scikit-learn is untyped)
    return columns.named_transformers_["numeric"]["scale"]


def test_verify_refuses_with_findings_and_no_traceback(  # noqa: PLR0913, PLR0917 (fixtures)
    champion: Path,
    challenger: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    copied: Callable[[Path], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A row of bundles is judged one by one: 78, one JSON document, findings for people too."""
    refitted, hostile = copied(champion), copied(challenger)
    (refitted / COLUMNS).write_bytes((challenger / COLUMNS).read_bytes())
    reseal(hostile, {COLUMNS: dumped(_Call(tmp_path / "executed"))})
    missing = tmp_path_factory.mktemp("empty") / "bundle"

    with pytest.raises(SystemExit) as done:
        main(["verify", "--json", *map(str, (refitted, hostile, missing, champion))])

    assert done.value.code == 78
    said = capsys.readouterr()
    judged = json.loads(said.out)["bundles"]
    assert [one["bundle"] for one in judged] == [
        str(path) for path in (refitted, hostile, missing, champion)
    ]
    assert [one["passed"] for one in judged] == [False, False, False, True]
    first, second, third, fourth = ([f["code"] for f in one["findings"]] for one in judged)
    assert set(first) == {"part_changed", "preprocessing_changed"}
    assert (second, third, fourth) == (["unpickling_refused"], ["bundle_missing"], [])
    assert not (tmp_path / "executed").exists()
    before, after = (
        _scaler(estimator_of(open_bundle(path).preprocessing.columns)).mean_[0]
        for path in (champion, challenger)
    )
    named = next(f for f in judged[0]["findings"] if f["subject"] == "pages.mean_")
    assert (named["expected"], named["observed"]) == (str(before), str(after))
    assert "Traceback" not in said.err
    for finding in (finding for one in judged for finding in one["findings"]):
        assert set(finding) == {"code", "subject", "expected", "observed", "remedy"}
        assert finding["code"] in said.err
        assert finding["remedy"] in said.err


def test_verify_passes_a_sound_bundle(champion: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle that is as it was sealed exits 0 with its identity, and what it cannot tell."""
    with pytest.raises(SystemExit) as done:
        main(["verify", str(champion), "--json"])

    assert done.value.code == 0
    said = capsys.readouterr()
    manifest = json.loads((champion / "manifest.json").read_bytes())
    identity = {key: manifest[key] for key in ("name", "version", "fingerprint")}
    lacks = list(open_bundle(champion).reference.lacks)
    nothing: JsonObject = {
        "findings": [],
        "environment_differences": {},
        "tolerated": [],
        "unusable_engines": [],
        "not_watched": lacks,
        "taught": None,
    }
    assert json.loads(said.out) == {
        "bundles": [{"bundle": str(champion), "passed": True, **nothing, **identity}]
    }
    passed, *others = said.err.splitlines()
    assert passed == f"{champion}: passed  {manifest['fingerprint']}"
    assert others == [f"  reference: nobody is told {what}" for what in lacks]
