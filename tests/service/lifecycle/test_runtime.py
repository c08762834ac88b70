"""The log that a worker opens, and the code of a start that fails."""

from __future__ import annotations

import asyncio
import stat
from typing import TYPE_CHECKING

import pytest

from guards.errors import GuardRefused
from service.lifecycle import runtime as runtimes
from service.lifecycle.runtime import Runtime
from service.lifecycle.state import State
from service.settings import Capture, Settings
from tests.guards.events.something import something
from tests.patience import PATIENCE_S
from tests.service.http.endpoint import no_supervisor

if TYPE_CHECKING:
    from pathlib import Path

    from service.exit_codes import ExitCode


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


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (MemoryError("no memory left"), State.FAILED, 1),
        (GuardRefused("docs/1", ()), State.REFUSED, 78),
    ],
)
def test_a_start_that_fails_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, state: State, code: int
) -> None:
    """The service stops with a code that tells an orchestrator so, whatever went wrong."""
    codes: list[ExitCode] = []

    async def fail(*_: object) -> None:
        raise error

    async def scenario() -> State:
        runtime = Runtime(Settings(replica="here", log_file=tmp_path / "log.jsonl"), codes.append)
        runtime.start()
        async with asyncio.timeout(PATIENCE_S):
            while not codes:  # noqa: ASYNC110 (nothing else tells it)
                await asyncio.sleep(0.01)
        ended = runtime.state
        await runtime.drain()
        return ended

    monkeypatch.setattr(runtimes, "start_champion", fail)
    assert asyncio.run(scenario()) == state
    assert codes == [code]
