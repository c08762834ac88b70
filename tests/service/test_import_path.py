"""Modules come from the installation, whatever the current directory and ``PYTHONPATH`` hold."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.child_environment import child_command, child_environment

ROOT = Path(__file__).parents[2]
SHADOWED = ("artifacts", "guards", "service", "json", "zoneinfo", "joblib", "numpy")
"""Names of ours, of the standard library, and of libraries."""

ALONE = "nowhere_else"

UNDERSTUDY = (Path(sys.executable).with_name("understudy"),)


@pytest.fixture
def shadowing(tmp_path: Path) -> Path:
    """Return a directory with modules of others' names, and one of its own."""
    directory = tmp_path / "shadowing"
    for name in (*SHADOWED, ALONE):
        (directory / name).mkdir(parents=True)
        (directory / name / "__init__.py").touch()
    (directory / "sitecustomize.py").write_text("print('customised')", encoding="utf-8")
    return directory


def _imported(name: str, cwd: Path, launcher: str | None = None) -> str:
    """Return which file a process of ours imports as ``name``, or what it says instead."""
    command = child_command("code", "-q")  # runs what is typed
    if launcher is not None:
        command[2] = launcher
    ended = subprocess.run(
        command,
        input=f"import {name}; print({name}.__file__)",
        cwd=cwd,
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("name", SHADOWED)
def test_nothing_takes_the_place_of_ours_the_standard_librarys_or_a_librarys(
    name: str, shadowing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither from the current directory nor from ``PYTHONPATH``."""
    monkeypatch.setenv("PYTHONPATH", str(shadowing))
    imported = _imported(name, shadowing)
    assert f"{name}{os.sep}__init__.py" in imported
    assert str(shadowing) not in imported
    assert "customised" not in imported


def test_an_operators_directory_is_searched_last(
    shadowing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class that is trusted by name may come from there."""
    monkeypatch.setenv("PYTHONPATH", str(shadowing))
    assert str(shadowing / ALONE) in _imported(ALONE, tmp_path)


@pytest.mark.parametrize("written", ["", os.pathsep, ".", f"..{os.sep}shadowing"])
def test_the_current_directory_is_no_operators_directory(
    written: str, shadowing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty and relative entries, which mean another directory in each, are left out."""
    monkeypatch.setenv("PYTHONPATH", written)
    assert "ModuleNotFoundError" in _imported(ALONE, shadowing)


def test_a_childs_child_searches_the_same_directories(
    shadowing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A challenger is started by the worker, which the supervisor has started."""
    monkeypatch.setenv("PYTHONPATH", str(shadowing))
    for name, value in child_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONPATH")
    assert str(shadowing / ALONE) in _imported(ALONE, tmp_path)


def test_a_process_that_a_library_starts_does_not_search_the_current_directory(
    shadowing: Path,
) -> None:
    """Its command is the library's, as that of a pool of processes is."""
    command = [sys.executable, "-c", f"import {ALONE}"]
    ended = subprocess.run(
        command, cwd=shadowing, env=child_environment(), capture_output=True, check=False
    )
    assert b"ModuleNotFoundError" in ended.stderr


def test_a_source_that_is_not_installed_gives_our_packages_alone(tmp_path: Path) -> None:
    """A Bento's: its packages run, and nothing beside them stands in for a library."""
    source = tmp_path / "src"
    for name in ("guards", "joblib", "service"):
        (source / name).mkdir(parents=True)
        (source / name / "__init__.py").touch()
    launcher = str(shutil.copy(ROOT / "service" / "import_path.py", source / "service"))
    assert str(source / "guards") in _imported("guards", tmp_path, launcher)
    assert str(source) not in _imported("joblib", tmp_path, launcher)


def test_a_worker_leaves_the_directory_that_it_was_given(
    shadowing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The framework puts it first; what is imported after the service itself is not from there."""
    monkeypatch.setenv("PYTHONPATH", str(shadowing))
    code = (
        "import os, sys; sys.path[:0] = [os.getcwd(), '']; import service.app; "
        "print({os.getcwd(), ''}.isdisjoint(sys.path), sys.path[-1])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=child_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.split() == ["True", str(shadowing)]


@pytest.mark.parametrize("written", [":{0}", ".", "../{0.name}", "{0}/../{0.name}/"])
def test_the_command_line_imports_nothing_of_the_python_path(written: str, tmp_path: Path) -> None:
    """Its own libraries come first, before any of them is imported, however it is written."""
    (tmp_path / "click.py").write_text("raise SystemExit('another click')", encoding="utf-8")
    ended = subprocess.run(
        [*UNDERSTUDY, "--version"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": written.format(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_the_command_line_runs_in_a_directory_that_was_deleted(tmp_path: Path) -> None:
    """There is nothing to search, and nothing that it needs."""
    (tmp_path / "deleted").mkdir()
    ended = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", *UNDERSTUDY, "--version"],
        cwd=tmp_path / "deleted",
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
