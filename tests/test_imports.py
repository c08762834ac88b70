"""Importing a module changes nothing in the process, but for ``service.app``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TypedDict, cast

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("guards", "artifacts", "service")
SET_BY_THE_APP = {"BENTOML_DO_NOT_TRACK", "OMP_WAIT_POLICY"}
"""Variables that this process has as well, once a test has imported ``service.app``."""

BENTOML = ("bentoml", "_bentoml_impl", "_bentoml_sdk")


class Report(TypedDict):
    """What ``importing.py`` reports."""

    imported: list[str]
    changed: dict[str, dict[str, tuple[str, str]]]


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = sorted(
    {_name(path) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    - {"service.app"}
)


def _import(modules: list[str], libraries: list[str]) -> Report:
    child = subprocess.run(
        [sys.executable, "-m", "tests.importing"],
        input=json.dumps({"modules": modules, "libraries": libraries}),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in SET_BY_THE_APP},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return cast("Report", json.loads(child.stdout))


def _of(packages: tuple[str, ...], names: list[str]) -> list[str]:
    return [name for name in names if name.partition(".")[0] in packages]


@pytest.fixture(scope="module")
def imported() -> list[str]:
    """Import every module, and return the names of all modules that this imports."""
    return _import(MODULES, [])["imported"]


def test_only_the_app_imports_bentoml(imported: list[str]) -> None:
    """BentoML, which sets up logging and tracing when it is imported, stays out of the rest."""
    assert set(MODULES) <= set(imported)
    assert _of(BENTOML, imported) == []


def test_an_import_changes_nothing(imported: list[str]) -> None:
    """Filters, loggers, environment, signals, threads and libraries stay as they were.

    Libraries are imported first, since what they do when they are imported is theirs.
    """
    ours = set(_of(PACKAGES, imported))
    libraries = [name for name in imported if name not in ours and name != "__main__"]

    assert _import(MODULES, libraries)["changed"] == {}


def test_a_change_would_be_noticed() -> None:
    """The module that sets things up is the example: its import changes the environment."""
    changed = _import(["service.app"], [])["changed"]

    assert {"environment", "loggers", "warnings"} <= set(changed["service.app"])
