"""Which files of a store a Bento holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from bentoml._internal.bento.build_config import BentoPathSpec

import service.app  # noqa: F401 (it completes BentoML's decision)

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (None, "the Bento holds no bundle: nobody is champion"),
        ({"champion": "docs/7", "challengers": []}, "the Bento does not hold docs/7"),
        ({"champion": "../docs/1", "challengers": []}, "the Bento does not hold ../docs/1"),
    ],
)
def test_what_a_bento_cannot_hold_is_said(
    roles: JsonObject | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, when it is built; the rest of the project is in it all the same."""
    store = tmp_path / "artifacts" / "store"
    (store / "docs" / "1").mkdir(parents=True)
    (tmp_path / "artifacts" / "docs" / "1").mkdir(parents=True)
    for bundle in (store / "docs" / "1", tmp_path / "artifacts" / "docs" / "1"):
        (bundle / "manifest.json").touch()
    if roles is not None:
        (store / "roles.json").write_text(json.dumps(roles), encoding="utf-8")
    spec = BentoPathSpec(["*"], [], str(tmp_path))

    for path in ("artifacts/store/docs/1/manifest.json", "artifacts/store/docs/1/reference.json"):
        assert not spec.includes(path)
    assert spec.includes("artifacts/store/roles.json")
    assert spec.includes("artifacts/progress.py")
    assert capsys.readouterr().err.count(said) == 1
