"""The log that a worker opens."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from service.lifecycle.runtime import Runtime
from service.settings import Capture, Settings
from tests.guards.events.something import something
from tests.patience import PATIENCE_S
from tests.service.http.endpoint import no_supervisor

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("capture", "mode"), [("none", 0o644), ("disagreements", 0o600), ("all", 0o600)]
)
def test_a_log_with_documents_is_its_owners_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], capture: Capture, mode: int
) -> None:
    """Whatever share of the documents is written."""
    path = tmp_path / "log.jsonl"
    runtime = Runtime(Settings(replica="here", log_file=path, capture=capture), no_supervisor)

    runtime.log.emit(something())
    assert runtime.log.close(PATIENCE_S)

    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert "something.happened" in capfd.readouterr().out
