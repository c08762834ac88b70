"""The Bento that `bentoml build` makes holds everything that serving needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

from tests.serving.server import BENTOML, REPOSITORY, serving

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

INCLUDED = ("bentofile.yaml", "pyproject.toml", "requirements.lock", "README.md")


def test_built_bento_serves_from_its_extracted_source(
    champion: Path, challenger: Path, documents: list[JsonObject], tmp_path: Path
) -> None:
    """A Bento of the rooms and the store, exported and extracted elsewhere, answers documents."""
    project = _project(tmp_path / "a project", champion, challenger)
    archive = tmp_path / "understudy.bento"
    environment = {
        **os.environ,
        "BENTOML_HOME": str(tmp_path / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
    }
    for command in (
        ("build", "--version", "tested"),
        ("export", "understudy:tested", str(archive)),
    ):
        subprocess.run(
            (*BENTOML, *command), cwd=project, env=environment, check=True, capture_output=True
        )
    extracted = tmp_path / "extracted"
    with tarfile.open(archive) as bento:
        bento.extractall(extracted, filter="data")
    serve = (*BENTOML, "serve", ".", "--host", "127.0.0.1")
    with serving(serve, tmp_path / "log.jsonl", cwd=extracted / "src") as server:
        prediction = server.classify(documents[:1]).json()["predictions"][0]
        server.wait_until_compared()
    assert prediction["model"]["version"] == champion.name
    (line,) = server.events("request.observed")
    assert line["challengers"][0]["status"] == "ok"


def _project(project: Path, champion: Path, challenger: Path) -> Path:
    for room in ("artifacts", "guards", "service"):
        ignored = shutil.ignore_patterns("__pycache__", "store")
        shutil.copytree(REPOSITORY / room, project / room, ignore=ignored)
    for name in INCLUDED:
        shutil.copy(REPOSITORY / name, project / name)
    store = project / "artifacts" / "store"
    for bundle in (champion, challenger):
        shutil.copytree(bundle, store / "docs" / bundle.name)
    roles = {"champion": f"docs/{champion.name}", "challengers": [f"docs/{challenger.name}"]}
    (store / "roles.json").write_text(json.dumps(roles), encoding="utf-8")
    return project
