"""One measurement of one server; every one is of the same documents, in whole laps."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from load_tests.client import get_json, open_client
from load_tests.coverage import read_status, wait_for_comparisons
from load_tests.loads import closed, one_by_one

if TYPE_CHECKING:
    from load_tests.servers import Server

__all__ = [
    "Point",
    "engine_cpu_s",
    "idle_ms",
    "laps",
    "saturate",
    "saturate_shadowed",
    "settle",
    "warm_rate",
]

_PAUSE_S = 0.05
_SETTLING_S = 120.0
_WARM_UP_CLIENTS = 8


@dataclass(frozen=True, slots=True)
class Point:
    """A closed loop of so many clients: documents a second, and processor time a document.

    ``server_cpu_ms`` is user and system time of all the server's processes, ``client_cpu_ms`` of
    the side that sends, which shares the processors. ``failed`` documents had no 200.
    """

    clients: int
    rate: float
    server_cpu_ms: float
    client_cpu_ms: float
    p50_ms: float
    p99_ms: float
    failed: int


def laps(server: Server, clients: int, rate: float, duration_s: float) -> int:
    """Give how many documents to send: whole laps, about so long, three or more a client."""
    pool = len(server.requests)
    return pool * max(1, math.ceil(3 * clients / pool), round(rate * duration_s / pool))


async def warm_rate(server: Server) -> float:
    """Send a quarter of a lap, twice, and give the rate of the second time."""
    quarter = len(server.requests) // 4
    for _ in range(2):
        load = await closed(server.connections, server.requests, quarter, _WARM_UP_CLIENTS)
    return load.rate


async def saturate(server: Server, clients: int, documents: int) -> Point:
    """Measure a closed loop, until its last answer."""
    cpu_s = server.cpu_s()
    load = await closed(server.connections, server.requests, documents, clients)
    answered = max(1, load.answered)
    return Point(
        clients=clients,
        rate=load.rate,
        server_cpu_ms=(server.cpu_s() - cpu_s) / answered * 1000,
        client_cpu_ms=load.client_cpu_s / answered * 1000,
        p50_ms=load.percentile_s(50) * 1000,
        p99_ms=load.percentile_s(99) * 1000,
        failed=load.sent - load.answered,
    )


async def saturate_shadowed(server: Server, clients: int, documents: int) -> Point:
    """Measure a closed loop, until the last comparison; what was not compared does not count."""
    async with open_client(server.url, 1, _SETTLING_S) as client:
        before = await read_status(client)
        cpu_s, started_s = server.cpu_s(), time.perf_counter()
        load = await closed(server.connections, server.requests, documents, clients)
        after = await wait_for_comparisons(client, before.documents + load.answered, _SETTLING_S)
        duration_s = time.perf_counter() - started_s
    compared = after.since(before).total.compared
    return Point(
        clients=clients,
        rate=compared / duration_s,
        server_cpu_ms=(server.cpu_s() - cpu_s) / max(1, compared) * 1000,
        client_cpu_ms=load.client_cpu_s / max(1, load.answered) * 1000,
        p50_ms=load.percentile_s(50) * 1000,
        p99_ms=load.percentile_s(99) * 1000,
        failed=load.sent - compared,
    )


async def engine_cpu_s(server: Server) -> float:
    """Ask a service for the processor time that its engine has taken since its start."""
    async with open_client(server.url, 1, _SETTLING_S) as client:
        status = await get_json(client, "/v1/status")
    return float(status["engine_cpu_s"])


async def settle(server: Server) -> None:
    """Wait until no comparison is pending."""
    async with open_client(server.url, 1, _SETTLING_S) as client:
        await wait_for_comparisons(client, 0, _SETTLING_S)


async def idle_ms(server: Server, count: int) -> list[float]:
    """Measure single documents, each of which finds the server idle; in milliseconds."""
    load = await one_by_one(server.connections, server.requests, count, _PAUSE_S)
    return [latency_s * 1000 for latency_s in load.latencies_s]
