"""A challenger fails, and nobody who asks the champion notices."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager, suppress
from statistics import median
from typing import TYPE_CHECKING

from load_tests.chaos.stage import Outcome
from load_tests.loads import poisson_times_s
from load_tests.measuring import laps, latency, saturate, settle, warm_rate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from load_tests.chaos.stage import Scene, Stage

__all__ = ["crashing_at_full_load", "crashing_at_half_load", "hung", "killed"]

_LIMIT = 1.10
"""How much longer than without a challenger the champion may take, at the 99th percentile."""

_PAIRS = 6
_PAIR_S = 8.0
_CLIENTS = 32
_LOAD_S = 10.0
_TIMEOUT_S = "2"


async def killed(stage: Stage) -> Outcome:
    """Kill the challenger under load: no request fails, and it is there again."""
    return await _disturbed(stage, signal.SIGKILL)


async def hung(stage: Stage) -> Outcome:
    """Stop the challenger under load: no request fails; it is given up, and started again."""
    return await _disturbed(stage, signal.SIGSTOP)


async def crashing_at_half_load(stage: Stage) -> Outcome:
    """Kill the challenger whenever it is ready, at half of what the champion can answer."""
    async with stage.service(shadow=False) as off, stage.service() as on:
        rate = await warm_rate(off.server) / 2
        ratios, failed = [], 0
        for number in range(_PAIRS):
            p99_ms = {}
            for scene in (off, on) if number % 2 else (on, off):
                async with _crashing(scene, really=scene is on):
                    found = await latency(scene.server, rate, _PAIR_S, number)
                p99_ms[scene.server.name] = found.p99_ms
                failed += found.failed
                await settle(on.server)
            ratios.append(p99_ms[on.server.name] / p99_ms[off.server.name])
        return await _told(on, ratios, failed, f"{rate:.0f} documents/s")


async def crashing_at_full_load(stage: Stage) -> Outcome:
    """Kill the challenger whenever it is ready, while as many ask as can be answered."""
    async with stage.service(shadow=False) as off, stage.service() as on:
        rate = await warm_rate(off.server)
        ratios, failed = [], 0
        for number in range(_PAIRS):
            p99_ms = {}
            for scene in (off, on) if number % 2 else (on, off):
                documents = laps(scene.server, _CLIENTS, rate, _PAIR_S)
                async with _crashing(scene, really=scene is on):
                    point = await saturate(scene.server, _CLIENTS, documents)
                p99_ms[scene.server.name] = point.p99_ms
                failed += point.failed
                await settle(on.server)
            ratios.append(p99_ms[on.server.name] / p99_ms[off.server.name])
        return await _told(on, ratios, failed, f"{_CLIENTS} clients")


async def _told(scene: Scene, ratios: list[float], failed: int, load: str) -> Outcome:
    status = await scene.status()
    restarts = status["challengers"][0]["restarts"]
    ratio = median(ratios)
    return Outcome(
        passed=ratio <= _LIMIT and failed == 0 and _balances(status) and restarts > 0,
        told=(
            f"p99 {ratio:.2f} times that without a challenger (median of {len(ratios)} pairs, "
            f"{min(ratios):.2f} to {max(ratios):.2f}) at {load}; {restarts} restarts; "
            f"{failed} requests failed"
        ),
    )


async def _disturbed(stage: Stage, number: int) -> Outcome:
    async with stage.service(SHADOW_TIMEOUT_S=_TIMEOUT_S) as scene:
        rate = await warm_rate(scene.server) / 2
        pid = await scene.challenger_pid()
        load = asyncio.create_task(scene.send(poisson_times_s(rate, _LOAD_S, 1)))
        await asyncio.sleep(1)
        os.kill(pid, number)
        done = await load
        again = await scene.challenger_pid()
        await settle(scene.server)
        status = await scene.status()
    missed = status["coverage"]["missed"]
    return Outcome(
        passed=done.failed == 0 and _balances(status) and again != pid and sum(missed.values()) > 0,
        told=f"{done.answered} answered, {done.failed} failed; missed {missed}; started again",
    )


def _balances(status: dict[str, object]) -> bool:
    coverage = status["coverage"]
    assert isinstance(coverage, dict)  # noqa: S101 (its type is not known)
    accounted = coverage["compared"] + coverage["pending"] + sum(coverage["missed"].values())
    return bool(coverage["eligible"] == accounted + coverage["spooled"])


@asynccontextmanager
async def _crashing(scene: Scene, *, really: bool) -> AsyncIterator[None]:
    """Kill the challenger again and again."""

    async def kill() -> None:
        while True:
            pid = await scene.challenger_pid()
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    if not really:
        yield
        return
    killing = asyncio.create_task(kill())
    try:
        yield
    finally:
        killing.cancel()
        with suppress(asyncio.CancelledError):
            await killing
