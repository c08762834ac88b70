"""Importing a module changes nothing in the process, but for ``service.app``."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

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


FILES = {_name(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
APP = "service.app"
MODULES = sorted(FILES.keys() - {APP})


def _of(packages: tuple[str, ...], names: list[str]) -> list[str]:
    return [name for name in names if name.partition(".")[0] in packages]


def _library_imports(statements: list[ast.stmt]) -> Iterator[str]:
    """Yield those of the statements that import libraries when their module is imported."""
    for statement in statements:
        match statement:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pass
            case ast.If() | ast.Try() | ast.With():
                yield from _library_imports(statement.body)
            case ast.Import() if not _of(PACKAGES, [one.name for one in statement.names]):
                yield ast.unparse(statement)
            case ast.ImportFrom() if not _of(PACKAGES, [statement.module or ""]):
                yield ast.unparse(statement)


def _import(modules: list[str], libraries: list[str]) -> Report:
    """Run the statements in a process of its own, and then import the modules, each by itself."""
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


@pytest.fixture(scope="module")
def report() -> Report:
    """Import every module after the libraries that they import, and the app at the end.

    What libraries do when they are imported is theirs.
    """
    statements = (
        statement
        for name in MODULES
        for statement in _library_imports(ast.parse(FILES[name].read_bytes()).body)
    )
    return _import([*MODULES, APP], [*dict.fromkeys(statements)])


def test_only_the_app_imports_bentoml(report: Report) -> None:
    """BentoML, which sets up logging and tracing when it is imported, stays out of the rest."""
    imported = report["imported"]
    last = max(imported.index(name) for name in MODULES)
    assert _of(BENTOML, imported[:last]) == []
    assert _of(BENTOML, imported[last:]) != []


def test_an_import_changes_nothing(report: Report) -> None:
    """Filters, loggers, environment, signals, threads and libraries stay as they were."""
    assert report["changed"].keys() <= {APP}


def test_a_change_would_be_noticed(report: Report) -> None:
    """The app, which sets things up, is the example."""
    assert {"environment", "loggers", "warnings"} <= set(report["changed"][APP])
