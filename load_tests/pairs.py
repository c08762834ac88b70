"""Is the shadow felt? The same documents at the same times, with it and without, in turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from load_tests.loads import poisson_times_s, scheduled
from load_tests.measuring import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from load_tests.servers import Server

__all__ = ["Latency", "Pair", "pairs"]


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles in milliseconds, from the time at which each document was to be sent.

    ``late_ms`` is the longest that the sending side was behind, ``failed`` who had no 200.
    """

    p50_ms: float
    p99_ms: float
    late_ms: float
    failed: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One schedule, sent twice."""

    without: Latency
    shadowed: Latency

    @property
    def p50_ratio(self) -> float:
        """The median with the shadow, against it without."""
        return self.shadowed.p50_ms / self.without.p50_ms

    @property
    def p99_ratio(self) -> float:
        """The 99th percentile with the shadow, against it without."""
        return self.shadowed.p99_ms / self.without.p99_ms


async def pairs(
    without: Server, shadowed: Server, rate: float, duration_s: float, count: int
) -> AsyncIterator[Pair]:
    """Yield so many pairs; who goes first alternates, and every pair has a schedule of its own."""
    for number in range(count):
        latencies = {}
        for server in (without, shadowed) if number % 2 else (shadowed, without):
            latencies[server.name] = await _latency(server, rate, duration_s, number)
            await settle(server)
        yield Pair(latencies[without.name], latencies[shadowed.name])


async def _latency(server: Server, rate: float, duration_s: float, seed: int) -> Latency:
    times_s = poisson_times_s(rate, duration_s, seed)
    load = await scheduled(server.connections, server.requests, times_s)
    return Latency(
        load.percentile_s(50) * 1000,
        load.percentile_s(99) * 1000,
        load.late_s * 1000,
        load.sent - load.answered,
    )
