"""A challenger fails, and nobody who asks the champion notices."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager, suppress
from statistics import median
from typing import TYPE_CHECKING

from load_tests.loads import poisson_times_s
from load_tests.measuring import laps, latency, saturate, settle, warm_rate
from load_tests.stage import Outcome
from load_tests.status import read_status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from load_tests.servers import Server
    from load_tests.stage import Scene, Stage

    Measure = Callable[[Server, float, int], Awaitable[tuple[float, int]]]

__all__ = ["crashing_at_full_load", "crashing_at_half_load", "hung", "killed"]

_LIMIT = 1.10
"""How much longer than without a challenger the champion may take, at the 99th percentile."""

_PAIRS = 12
_PAIR_S = 8.0
_CLIENTS = 32
_LOAD_S = 10.0
_TIMEOUT_S = "2"
_ASK_S = 1.0


async def killed(stage: Stage) -> Outcome:
    """Kill the challenger under load: no request fails, and it is there again."""
    return await _disturbed(stage, signal.SIGKILL)


async def hung(stage: Stage) -> Outcome:
    """Stop the challenger under load: no request fails; it is given up, and started again."""
    return await _disturbed(stage, signal.SIGSTOP)


async def crashing_at_half_load(stage: Stage) -> Outcome:
    """Kill the challenger whenever it is ready, at half of what the champion can answer."""

    async def p99(server: Server, rate: float, number: int) -> tuple[float, int]:
        found = await latency(server, rate / 2, _PAIR_S, number)
        return found.p99_ms, found.failed

    return await _crashing(stage, p99, "half load")


async def crashing_at_full_load(stage: Stage) -> Outcome:
    """Kill the challenger whenever it is ready, while as many ask as can be answered."""

    async def p99(server: Server, rate: float, _: int) -> tuple[float, int]:
        point = await saturate(server, _CLIENTS, laps(server, _CLIENTS, rate, _PAIR_S))
        return point.p99_ms, point.failed

    return await _crashing(stage, p99, f"{_CLIENTS} clients")


async def _crashing(stage: Stage, p99: Measure, load: str) -> Outcome:
    """Compare a service whose challenger crashes with one that has none, in turns."""
    async with stage.service(shadow=False) as off, stage.service() as on:
        rate = await warm_rate(off.server)
        ratios, failed = [], 0
        for number in range(_PAIRS):
            p99_ms = {}
            for scene in (off, on) if number % 2 else (on, off):
                async with _killing(scene):
                    p99_ms[scene.server.name], lost = await p99(scene.server, rate, number)
                failed += lost
                await settle(on.server)
            ratios.append(p99_ms[on.server.name] / p99_ms[off.server.name])
        return await _told(on, ratios, failed, load)


async def _told(scene: Scene, ratios: list[float], failed: int, load: str) -> Outcome:
    restarts = (await scene.status())["challengers"][0]["restarts"]
    ratio = median(ratios)
    return Outcome(
        passed=ratio <= _LIMIT and failed == 0 and restarts > 0 and await _balances(scene),
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
        missed = (await read_status(scene.server.connections)).coverage["total"].missed
        balances = await _balances(scene)
    return Outcome(
        passed=done.failed == 0 and balances and again != pid and sum(missed.values()) > 0,
        told=(
            f"{done.answered} answered, {done.failed} failed; missed {missed}; "
            f"process {pid} and then {again}"
        ),
    )


async def _balances(scene: Scene) -> bool:
    status = await read_status(scene.server.connections)
    return not status.imbalances(status.documents)


@asynccontextmanager
async def _killing(scene: Scene) -> AsyncIterator[None]:
    """Kill the challenger, if there is one, whenever it is ready.

    A service without one is asked as often, because answering takes it processor time.
    """

    async def kill() -> None:
        while True:
            for challenger in (await scene.status())["challengers"]:
                if challenger["state"] == "ready":
                    with suppress(ProcessLookupError):
                        os.kill(challenger["pid"], signal.SIGKILL)
            await asyncio.sleep(_ASK_S)

    killing = asyncio.create_task(kill())
    try:
        yield
    finally:
        killing.cancel()
        with suppress(asyncio.CancelledError):
            await killing
