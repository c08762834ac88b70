"""A service in a control group whose quota is one core, on a machine that has more."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from tests.cgroups import group_of_one_core
from tests.patience import wait_until
from tests.serving.server import UNDERSTUDY, serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")

ENTER = 'echo $$ > "$0" && unset OMP_NUM_THREADS && exec "$@"'


def _environment(process: psutil.Process) -> dict[str, str]:
    entries = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    return dict(os.fsdecode(entry).split("=", 1) for entry in entries if entry)


def test_one_lane_and_one_thread_for_champion_and_challenger(
    accelerated: Path, challenger: Path, tmp_path: Path
) -> None:
    """Lanes by the quota; every process of the service computes in one thread, and says why."""
    with group_of_one_core() as group:
        enter = ("sh", "-c", ENTER, str(group / "cgroup.procs"))
        bundles = ("--champion", str(accelerated), "--challenger", str(challenger))
        with serving((*enter, *UNDERSTUDY, "serve", *bundles), tmp_path / "log.jsonl") as server:
            (started,) = server.events("service.started")
            wait_until(lambda: server.status()["challengers"][0]["state"] == "ready", "readiness")
            processes = psutil.Process(server.process.pid).children(recursive=True)
            threads = [_environment(process)["OMP_NUM_THREADS"] for process in processes]

    assert started["engine"]["lanes"] == 1
    cpu = started["environment"]["cpu"]
    assert (cpu["cores"], cpu["limited_by"], cpu["quota"]) == (1, "quota", 1.0)
    assert 0 < started["environment"]["memory"]["limit_bytes"] <= psutil.virtual_memory().total
    # The worker, the process that challengers are forked from, and the challenger.
    assert threads == ["1"] * 3
