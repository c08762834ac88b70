"""``understudy settings``: what is in force, and where it is from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from service.cli.settings import settings
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_setting_has_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable, a file, the roles file, a secret's file, or the default."""
    (tmp_path / "roles.json").write_text('{"champion": "docs/1", "challengers": []}')
    (tmp_path / "understudy.toml").write_text("max_queue = 64\n")
    (tmp_path / "webhook").write_text("https://alerts/s3cret\n")
    monkeypatch.setenv("UNDERSTUDY_ROLES_FILE", str(tmp_path / "roles.json"))
    monkeypatch.setenv("UNDERSTUDY_CONFIG", str(tmp_path / "understudy.toml"))
    monkeypatch.setenv("UNDERSTUDY_ALERT_WEBHOOK_FILE", str(tmp_path / "webhook"))

    result = CliRunner().invoke(settings, ["--json"])

    found = json.loads(result.stdout)["settings"]
    assert found["champion"] == {
        "value": str(tmp_path / "docs" / "1"),
        "source": str(tmp_path / "roles.json"),
    }
    assert found["roles_file"]["source"] == "UNDERSTUDY_ROLES_FILE"
    assert found["max_queue"] == {"value": 64, "source": str(tmp_path / "understudy.toml")}
    assert found["alert_webhook"]["value"] == "https://alerts/…"
    assert found["deadline_s"] == {"value": 10.0, "source": "default"}
    assert found["challengers"] == {"value": [], "source": "default"}
    table = CliRunner().invoke(settings).stdout
    for one in (result.stdout, table):
        assert "s3cret" not in one
    assert any(line.split()[:2] == ["max_queue", "64"] for line in table.splitlines())
    assert len(table.splitlines()) == len(found) + 1


def test_a_malformed_setting_is_a_wrong_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, and exit code 2."""
    monkeypatch.setenv("UNDERSTUDY_CHAMPION", "docs/1")
    monkeypatch.setenv("UNDERSTUDY_MAX_QUEUE", "many")

    assert exit_code("settings") == 2

    assert capsys.readouterr().err == (
        "understudy: UNDERSTUDY_MAX_QUEUE: expected a whole number, at least 1, found 'many'\n"
    )
