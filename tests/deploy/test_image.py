"""What ``deploy/Dockerfile`` builds: what goes in, what stays out, and how it starts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from service.settings import read_settings
from tests.deploy.files import DEPLOY, PAGE, serve_options
from tests.repository import ROOT, repository_files

if TYPE_CHECKING:
    from pathlib import Path

ROOMS = ("artifacts", "guards", "service")


class Instruction(NamedTuple):
    """One instruction, such as ``RUN``, and what follows it."""

    name: str
    text: str


def _stages() -> list[list[Instruction]]:
    """Return the instructions of each stage; each begins with its ``FROM``."""
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if line and not line.startswith("#"))
    stages: list[list[Instruction]] = []
    for line in text.replace("\\\n", " ").splitlines():
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append(Instruction(name, " ".join(rest.split())))
    return stages


BUILD, IMAGE = _stages()


def _texts(stage: list[Instruction], name: str) -> list[str]:
    return [instruction.text for instruction in stage if instruction.name == name]


def _copied() -> set[str]:
    """Return what is copied from the project."""
    return {source for text in _texts(BUILD, "COPY") for source in text.split()[:-1]}


def _environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for text in _texts(IMAGE, "ENV") for pair in text.split())


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    """The ignore file lets through what is copied, and no more: no tests, bundles or history."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if not line.startswith("#")]

    assert [source for source in _copied() if not (ROOT / source).exists()] == []
    assert patterns[0] == "*"
    assert {pattern[1:] for pattern in patterns if pattern.startswith("!")} == _copied()
    assert patterns[-2:] == ["artifacts/store", "**/__pycache__"]


def test_the_lock_is_installed_and_torch_before_it() -> None:
    """First torch, by what the shell finds in the lock; then the lock; then the project alone."""
    torch, lock, project = (text for text in _texts(BUILD, "RUN") if " install " in text)
    found = re.search(r'"\$\((.*)\)"', torch)
    assert found is not None

    pin = subprocess.run(found[1], shell=True, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S602

    assert re.fullmatch(r"torch==\S+\n", pin.stdout)
    assert lock.endswith("install -r requirements.lock")
    assert project.endswith("install --no-build-isolation --no-deps .")
    assert "requirements-dev.lock" not in _copied()


def test_the_last_stage_builds_nothing() -> None:
    """It takes the environment from the first stage, and compiles the standard library."""
    assert _texts(IMAGE, "FROM") == ["python:3.11-slim"]
    assert _texts(BUILD, "FROM") == ["python:3.11-slim AS build"]
    assert _texts(IMAGE, "COPY") == ["--from=build /venv /venv"]
    assert _texts(IMAGE, "RUN") == ["python -m compileall -q /usr/local/lib/python3.11"]


def test_the_user_is_anybody_and_tmp_is_all_that_is_written() -> None:
    """The user is a number, which says that it is not root; the group is that of any other."""
    (user,) = _texts(IMAGE, "USER")
    number, group = map(int, user.split(":"))

    assert (number > 0, group) == (True, 0)
    assert _environment()["HOME"] == "/tmp"  # noqa: S108 (what the image says)
    assert _environment()["PYTHONDONTWRITEBYTECODE"] == "1"


def test_the_service_is_the_first_process_and_gets_the_signals() -> None:
    """No shell is between them, and clients outside reach the port."""
    (entrypoint,) = _texts(IMAGE, "ENTRYPOINT")
    options = serve_options(json.loads(entrypoint))

    assert options["host"] == "0.0.0.0"  # noqa: S104 (the container is the boundary)
    assert _texts(IMAGE, "EXPOSE") == [str(options["port"])]
    assert _texts(IMAGE, "CMD") == []


def test_bundles_are_found_where_they_are_mounted(tmp_path: Path) -> None:
    """The variables of the image are settings, and the roles file is beside the bundles."""
    roles = tmp_path / "roles.json"
    roles.write_text('{"champion": "docs/1", "challengers": []}', encoding="utf-8")
    (workdir,) = _texts(IMAGE, "WORKDIR")
    variables = {
        name: value.replace(workdir, str(tmp_path)) for name, value in _environment().items()
    }

    assert read_settings(variables).champion == str(tmp_path / "docs" / "1")
    assert f'-v "$PWD/artifacts/store:{workdir}:ro"' in PAGE


def test_what_is_installed_has_every_module(tmp_path: Path) -> None:
    """The wheel of what is copied holds all packages, and the page that they show."""
    project = tmp_path / "a project"
    for source in _copied():
        if (ROOT / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "store")
            shutil.copytree(ROOT / source, project / source, ignore=ignored)
        else:
            project.mkdir(exist_ok=True)
            shutil.copy(ROOT / source, project / source)

    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=project, check=True, capture_output=True
    )

    (wheel,) = tmp_path.glob("*.whl")
    patterns = [f"{room}/*.{end}" for room in ROOMS for end in ("py", "html")]
    expected = {path.relative_to(ROOT).as_posix() for path in repository_files(*patterns)}
    assert expected - set(zipfile.ZipFile(wheel).namelist()) == set()
