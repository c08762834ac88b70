"""A stop of a real runtime: what is on disk when, and how long it waits."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from service.settings import Settings
from service.shadow.interface import ChallengerState
from tests.patience import AGES_S
from tests.service.http.endpoint import running

if TYPE_CHECKING:
    from guards.json_types import JsonObject


@pytest.mark.parametrize("setting", ["stop_s", "shadow_drain_s"])
def test_a_challenger_that_hangs_is_not_waited_for(
    champion: Path, challenger: Path, tmp_path: Path, setting: str
) -> None:
    """The shorter of both times counts; all is accounted for, and no process is left."""
    log = tmp_path / "log.jsonl"
    settings = Settings(
        champion=str(champion),
        challengers=(str(challenger),),
        shadow_drain_s=AGES_S,
        log_file=log,
        replica="here",
    )
    with running(settings) as endpoint:
        assert endpoint.runtime.champion is not None
        (shadow,) = endpoint.runtime.champion.challengers
        endpoint.wait_until(lambda: shadow.status().state == ChallengerState.READY)
        pid = shadow.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        for _ in range(3):
            endpoint.answer()
        times: dict[str, Any] = {setting: 0.5}
        endpoint.runtime.settings = replace(endpoint.runtime.settings, **times)

    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    told = [(line["event"], _statuses(line)) for line in lines if "request_id" in line]
    assert told == [
        *[("request.observed", ["pending"])] * 3,
        *[("comparison.completed", ["missed"])] * 3,
    ]
    first, *_, last = (line for line in lines if line["event"].startswith("service.stop"))
    assert (first["event"], first["coverage"]["pending"]) == ("service.stopping", 3)
    assert (last["event"], last["missed"]) == ("service.stopped", {"shutdown": 3})
    assert first["observed"] == first["flushed"] == last["observed"] == last["flushed"] == 3
    assert not Path(f"/proc/{pid}").exists()


def _statuses(line: JsonObject) -> list[str]:
    return [entry["status"] for entry in line["challengers"]]
