"""What `bentoml build` makes of the project, and where it serves from.

``test_surroundings`` looks at one that serves.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.patience import PATIENCE_S
from tests.serving.server import BENTOML, serving


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


def test_a_bento_is_started_by_its_name_from_anywhere(bento: Path, tmp_path: Path) -> None:
    """Where nothing is but a roles file, which a relative path names: its champion is found."""
    home = tmp_path / "bentoml"
    named = home / "bentos" / "understudy" / bento.name
    shutil.copytree(bento, named)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    roles = {"champion": str(_champion(named)), "challengers": []}
    (elsewhere / "roles.json").write_text(json.dumps(roles), encoding="utf-8")
    start = ("env", f"BENTOML_HOME={home}", *BENTOML, "serve", f"understudy:{bento.name}")

    assert _missed(named, start, elsewhere, tmp_path, ROLES_FILE="roles.json") == _champion(named)


def test_a_container_finds_the_roles_of_its_bento(bento: Path, tmp_path: Path) -> None:
    """The entrypoint runs in the Bento's directory and names it; the champion is found."""
    copy = tmp_path / "bento"
    shutil.copytree(bento, copy)
    start = (*BENTOML, "serve", str(copy))

    assert _missed(copy, start, copy, tmp_path) == _champion(copy)


def _champion(bento: Path) -> Path:
    return bento / "src" / "artifacts" / "store" / "docs" / "1"


def _missed(
    bento: Path, start: tuple[str, ...], directory: Path, scratch: Path, **settings: str
) -> Path:
    """Return which champion a service looks for; without any bundle, the start is short."""
    shutil.rmtree(bento / "src" / "artifacts" / "store" / "docs")
    command = (*start, "--host", "127.0.0.1")
    with serving(command, scratch / "log.jsonl", cwd=directory, wait=False, **settings) as server:  # type: ignore[arg-type]  # all are texts
        assert server.process.wait(PATIENCE_S) == 78
    refusal = server.events("guard.refused")[0]
    assert refusal["role"] == "champion"
    assert [finding["code"] for finding in refusal["findings"]] == ["bundle_missing"]
    return Path(refusal["bundle"])
