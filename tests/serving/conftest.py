"""Documents to send, and the Bento of the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from artifacts.demo.documents import good_day
from tests.once import made_once, shared_directory
from tests.serving.server import BENTOML, REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

TOP_LEVEL = ("LICENSE", "README.md", "bentofile.yaml", "pyproject.toml", "requirements.lock")


@pytest.fixture(scope="session")
def documents() -> list[JsonObject]:
    """Return a few hundred documents with distinct request ids."""
    return good_day(300, seed=3).documents


@pytest.fixture(scope="session")
def bento(accelerated: Path, challenger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what `bentoml build` made of the project; never change it, copy it.

    Its store had a bundle in each role, and one in none.
    """
    directory = shared_directory(tmp_path_factory) / "bento"
    made_once(directory, lambda: _build(directory, accelerated, challenger))
    return directory / "bentoml" / "bentos" / "understudy" / "tested"


def _build(directory: Path, champion: Path, challenger: Path) -> None:
    project = directory / "a project"
    for room in ("artifacts", "guards", "service"):
        ignored = shutil.ignore_patterns("__pycache__", "store")
        shutil.copytree(REPOSITORY / room, project / room, ignore=ignored)
    for name in TOP_LEVEL:
        shutil.copy(REPOSITORY / name, project / name)
    store = project / "artifacts" / "store"
    for bundle, version in ((champion, "1"), (challenger, "2"), (challenger, "3")):
        shutil.copytree(bundle, store / "docs" / version)
    roles = {"champion": "docs/1", "challengers": ["docs/2"]}
    (store / "roles.json").write_text(json.dumps(roles), encoding="utf-8")
    subprocess.run(
        (*BENTOML, "build", "--version", "tested"),
        cwd=project,
        env={
            **os.environ,
            "BENTOML_HOME": str(directory / "bentoml"),
            "BENTOML_DO_NOT_TRACK": "True",
        },
        check=True,
        capture_output=True,
    )
