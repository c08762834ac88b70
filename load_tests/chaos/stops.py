"""The service is stopped, killed or hung up on, and what it had answered is in its log."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

import numpy as np

from load_tests.loads import closed, poisson_times_s
from load_tests.measuring import warm_rate
from load_tests.servers import processes
from load_tests.stage import Outcome, until
from load_tests.status import ServiceError

if TYPE_CHECKING:
    from load_tests.stage import Scene, Stage

__all__ = ["hang_up", "killed_while_it_stops", "stopped_under_load", "worker_killed"]

_LOAD_S = 8.0
_BEHIND = 400
_GRACE_S = 10.0
_RUNS = 2


async def stopped_under_load(stage: Stage) -> Outcome:
    """Stop the service under load: each answered document has its line, a window and an outcome."""
    async with stage.service() as scene:
        rate = await warm_rate(scene.server) / 2
        await scene.challenger_pid()
        before = (await scene.status())["documents"]
        load = asyncio.create_task(scene.send(poisson_times_s(rate, _LOAD_S, 1)))
        await asyncio.sleep(_LOAD_S / 2)
        os.kill(scene.server.pid, signal.SIGTERM)
        stopped_s = await scene.ended()
        done = await load
        balance = scene.balance(before + done.answered)
    others = done.outcomes.keys() - {"200", "503", "lost"}
    told = f"stopped in {stopped_s:.1f} s; {balance.told}; outcomes {dict(done.outcomes)}"
    return Outcome(balance.passed and not others, told)


async def killed_while_it_stops(stage: Stage) -> Outcome:
    """Kill everything ten seconds after a stop began, with 400 documents behind a challenger."""
    async with stage.service(SHADOW_TIMEOUT_S="600") as scene:
        os.kill(await scene.challenger_pid(), signal.SIGSTOP)
        before = (await scene.status())["documents"]
        load = await closed(scene.server.connections, scene.server.requests, _BEHIND, 8)
        os.kill(scene.server.pid, signal.SIGTERM)
        asked_s = time.perf_counter()

        async def is_told() -> bool:
            return any(line["event"] == "service.stopping" for line in scene.lines())

        await until(is_told, "the account")
        told_s = time.perf_counter() - asked_s
        await asyncio.sleep(_GRACE_S - told_s)
        scene.kill_all()
        await scene.ended()
        lines = [*scene.lines()]
    expected = before + load.answered
    observed = [line for line in lines if line["event"] == "request.observed"]
    pending = sum(line["challengers"][0]["status"] == "pending" for line in observed)
    flushed = sum(
        line["window"]["documents"]
        for line in lines
        if line["event"] == "drift.window" and line.get("part", 1) == 1
    )
    account = next(line for line in lines[::-1] if line["event"] == "service.stopping")
    return Outcome(
        passed=len(observed) == flushed == account["observed"] == expected
        and pending == account["coverage"]["pending"],
        told=(
            f"the account was there after {told_s:.2f} s; of {expected} documents "
            f"{len(observed)} have a line, {flushed} are in windows, {pending} are pending"
        ),
    )


async def worker_killed(stage: Stage) -> Outcome:
    """Kill the worker under load: it is back, and the log shows the gap as another run."""
    async with stage.service() as scene:
        rate = await warm_rate(scene.server) / 2
        load = asyncio.create_task(scene.send(poisson_times_s(rate, _LOAD_S, 1)))
        await asyncio.sleep(_LOAD_S / 2)
        os.kill(scene.worker_pid, signal.SIGKILL)
        killed_s = time.perf_counter()

        async def is_ready() -> bool:
            try:
                return bool((await scene.status())["ready"])
            except ServiceError:
                return False

        await until(is_ready, "readiness")
        back_s = time.perf_counter() - killed_s
        done = await load
        again = await scene.send(np.zeros(20))
        runs = {line["run"] for line in scene.lines()}
    return Outcome(
        passed=again.failed == 0 and len(runs) == _RUNS,
        told=(
            f"ready again after {back_s:.1f} s; {done.answered} answered, outcomes "
            f"{dict(done.outcomes)}; {len(runs)} runs in the log"
        ),
    )


async def hang_up(stage: Stage) -> Outcome:
    """Send SIGHUP to every process of the service under load: nothing changes."""
    async with stage.service() as scene:
        rate = await warm_rate(scene.server) / 2
        await scene.challenger_pid()
        before = _pids(scene)
        load = asyncio.create_task(scene.send(poisson_times_s(rate, _LOAD_S, 1)))
        await asyncio.sleep(_LOAD_S / 2)
        for pid in before:
            os.kill(pid, signal.SIGHUP)
        done = await load
        after = _pids(scene)
    return Outcome(
        passed=done.failed == 0 and before == after,
        told=f"{done.answered} answered, {done.failed} failed; processes {before} and then {after}",
    )


def _pids(scene: Scene) -> list[int]:
    return sorted(process.pid for process in processes(scene.server.pid))
