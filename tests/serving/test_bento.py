"""What `bentoml build` makes of the project, and where it serves from.

``test_surroundings`` looks at one that serves.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from tests.patience import PATIENCE_S
from tests.serving.server import BENTOML, serving

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject


def test_a_bento_holds_what_the_roles_name(bento: Path, accelerated: Path) -> None:
    """Champion and challenger, whole, and of the rest of the store nothing."""
    store = bento / "src" / "artifacts" / "store"

    assert sorted(path.relative_to(store).as_posix() for path in store.glob("*/*")) == [
        "docs/1",
        "docs/2",
    ]
    assert (store / "roles.json").is_file()
    sealed = {path.relative_to(accelerated) for path in accelerated.rglob("*")}
    assert {path.relative_to(store / "docs/1") for path in (store / "docs/1").rglob("*")} == sealed


def test_a_bento_holds_what_running_needs(bento: Path) -> None:
    """The README and the libraries that serve; none that only tests or checks."""
    source = bento / "src"

    assert {"README.md", "LICENSE", "pyproject.toml"} <= {path.name for path in source.iterdir()}
    assert not (source / "tests").exists()
    requirements = (bento / "env" / "python" / "requirements.txt").read_text(encoding="utf-8")
    for name in ("torch", "bentoml", "onnxruntime"):
        assert f"{name}==" in requirements
    for name in ("pytest", "mypy", "ruff", "uv", "hypothesis"):
        assert f"\n{name}==" not in requirements


def test_a_bento_serves_by_its_name_from_anywhere(
    bento: Path, champion: Path, documents: list[JsonObject], tmp_path: Path
) -> None:
    """Where it is started holds a roles file alone, which a relative path names."""
    home = tmp_path / "bentoml"
    shutil.copytree(bento, home / "bentos" / "understudy" / bento.name)
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    (directory / "roles.json").write_text(
        json.dumps({"champion": str(champion), "challengers": []})
    )
    command = (
        "env",
        f"BENTOML_HOME={home}",
        *(*BENTOML, "serve", f"understudy:{bento.name}", "--host", "127.0.0.1"),
    )

    with serving(command, tmp_path / "log.jsonl", cwd=directory, ROLES_FILE="roles.json") as server:
        (prediction,) = server.classify(documents[:1]).json()["predictions"]

    assert prediction["model"]["version"] == champion.name
    assert server.process.returncode == 0


def test_a_container_finds_the_roles_of_its_bento(bento: Path, tmp_path: Path) -> None:
    """The entrypoint runs in the Bento's directory and names it; the champion is judged."""
    command = (*BENTOML, "serve", str(bento), "--host", "127.0.0.1")

    with serving(command, tmp_path / "log.jsonl", cwd=bento, wait=False, PIN="sha256:0") as server:
        assert server.process.wait(PATIENCE_S) == 78

    (refusal,) = server.events("guard.refused")
    assert refusal["bundle"] == str(bento / "src" / "artifacts" / "store" / "docs" / "1")
    assert [finding["code"] for finding in refusal["findings"]] == ["pinned_other"]
