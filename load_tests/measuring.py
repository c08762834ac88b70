"""One measurement of one server; each is of the same documents, in whole laps."""

from __future__ import annotations

import json
import math
import sys
import time
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from load_tests.environments import run
from load_tests.loads import closed, one_by_one, poisson_times_s, scheduled
from load_tests.status import get_json, read_status, wait_for_comparisons

if TYPE_CHECKING:
    from load_tests.servers import Server
    from load_tests.subject import Subject

__all__ = [
    "EngineRun",
    "Latency",
    "Overload",
    "Point",
    "Recovery",
    "engine_cpu_s",
    "idle_ms",
    "laps",
    "latency",
    "overload",
    "recover",
    "run_engine",
    "saturate",
    "settle",
    "warm_rate",
]

_IDLE_PAUSE_S = 0.05
_SETTLE_S = 120.0
_PROBES_IN_A_ROW = 5
_PROBE_PAUSE_S = 0.02
_MAX_RECOVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Point:
    """A closed loop of so many clients: documents a second, and processor time a document.

    ``server_cpu_ms`` is user and system time of all the server's processes, ``client_cpu_ms`` of
    the sender, which shares the processors. ``failed`` documents had no 200.
    """

    clients: int
    rate: float
    server_cpu_ms: float
    client_cpu_ms: float
    p50_ms: float
    p99_ms: float
    failed: int


@dataclass(frozen=True, slots=True)
class EngineRun:
    """What an engine does by itself: documents a second, and processor milliseconds a document."""

    rate: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles in milliseconds, from the time at which each document was to be sent.

    ``late_ms`` is the longest that the sender was behind, ``failed`` documents had no 200.
    """

    p50_ms: float
    p99_ms: float
    late_ms: float
    failed: int


@dataclass(frozen=True, slots=True)
class Overload:
    """What became of more documents than can be served.

    ``saturation`` is documents a second in a closed loop, before and after; ``goodput`` those
    answered with 200 a second; ``counted`` how many documents the service itself says that it
    answered; ``server_cpu_ms`` is for each 200, refusals and abandoned work included.
    """

    saturation: float
    goodput: float
    outcomes: dict[str, int]
    counted: int
    server_cpu_ms: float
    p99_ms: float

    @property
    def answered(self) -> int:
        """Documents answered with 200."""
        return self.outcomes.get("200", 0)

    @property
    def failed(self) -> int:
        """Documents that were neither answered nor refused with 429."""
        return sum(self.outcomes.values()) - self.answered - self.outcomes.get("429", 0)


@dataclass(frozen=True, slots=True)
class Recovery:
    """How long a burst is felt.

    Idle latency is normal again from the first of five documents in a row whose median is at most
    half as much again as the median before: a single slow one says nothing. ``recovered_s`` counts
    from the burst's last answer, and is infinite where that takes more than half a minute.
    """

    idle_ms: float
    recovered_s: float
    outcomes: dict[str, int]


def laps(server: Server, clients: int, rate: float, duration_s: float) -> int:
    """Return how many documents to send: whole laps, about so long, three or more a client."""
    pool = len(server.requests)
    return pool * max(1, math.ceil(3 * clients / pool), round(rate * duration_s / pool))


async def warm_rate(server: Server) -> float:
    """Send a quarter of a lap twice, and return the rate of the second time."""
    quarter = len(server.requests) // 4
    for _ in range(2):
        load = await closed(server.connections, server.requests, quarter, clients=8)
    return load.rate


async def saturate(server: Server, clients: int, documents: int, *, shadow: bool = False) -> Point:
    """Measure a closed loop until its last answer, or with a shadow until its last comparison.

    With a shadow only documents that were compared count.
    """
    before = await read_status(server.connections) if shadow else None
    cpu_s, started_s = server.cpu_s(), time.perf_counter()
    load = await closed(server.connections, server.requests, documents, clients)
    completed, duration_s = load.answered, load.duration_s
    if before is not None:
        expected = before.documents + load.answered
        after = await wait_for_comparisons(server.connections, expected, _SETTLE_S)
        duration_s = time.perf_counter() - started_s
        completed = after.since(before).coverage["total"].compared
    return Point(
        clients=clients,
        rate=completed / duration_s,
        server_cpu_ms=(server.cpu_s() - cpu_s) / max(1, completed) * 1000,
        client_cpu_ms=load.client_cpu_s / max(1, load.answered) * 1000,
        p50_ms=load.percentile_ms(50),
        p99_ms=load.percentile_ms(99),
        failed=documents - completed,
    )


def run_engine(subject: Subject, engine: str, rounds: int) -> EngineRun:
    """Measure an engine by itself, in a process of its own; raises ``CommandError``."""
    module = (sys.executable, "-m", "load_tests.micro.engine", subject.bundle)
    options = ("--texts", subject.texts_file, "--engine", engine, "--rounds", str(rounds))
    (row,) = json.loads(run(*module, *options, "--json"))
    return EngineRun(row["rate"], row["cpu_ms"])


async def engine_cpu_s(server: Server) -> float:
    """Return the processor seconds that the service's engine has used since its start."""
    status = await get_json(server.connections, "/v1/status")
    return float(status["engine_cpu_s"])


async def settle(server: Server) -> None:
    """Wait until no comparison is pending."""
    await wait_for_comparisons(server.connections, 0, _SETTLE_S)


async def idle_ms(server: Server, count: int) -> list[float]:
    """Measure single documents, each of which finds the server idle; in milliseconds."""
    load = await one_by_one(server.connections, server.requests, count, _IDLE_PAUSE_S)
    return [latency_s * 1000 for latency_s in load.latencies_s]


async def latency(server: Server, rate: float, duration_s: float, seed: int) -> Latency:
    """Measure latencies of independent arrivals at so many documents a second."""
    times_s = poisson_times_s(rate, duration_s, seed)
    load = await scheduled(server.connections, server.requests, times_s)
    return Latency(load.percentile_ms(50), load.percentile_ms(99), load.late_s * 1000, load.failed)


async def overload(server: Server, clients: int, documents: int, duration_s: float) -> Overload:
    """Send documents at twice the rate that so many clients reach, whatever comes back."""
    first = await closed(server.connections, server.requests, documents, clients)
    rate = 2 * first.rate
    times_s = np.arange(round(rate * duration_s)) / rate
    before, cpu_s = await read_status(server.connections), server.cpu_s()
    load = await scheduled(server.connections, server.requests, times_s)
    cpu_s = server.cpu_s() - cpu_s
    after = await read_status(server.connections)
    last = await closed(server.connections, server.requests, documents, clients)
    return Overload(
        saturation=(first.rate + last.rate) / 2,
        goodput=load.rate,
        outcomes=dict(load.outcomes),
        counted=after.since(before).documents,
        server_cpu_ms=cpu_s / max(1, load.answered) * 1000,
        p99_ms=load.percentile_ms(99),
    )


async def recover(server: Server, documents: int) -> Recovery:
    """Send a burst, and then documents of median length until their latency is normal again."""
    probe = [sorted(server.requests, key=len)[len(server.requests) // 2]]
    idle = await one_by_one(server.connections, probe, 20, _PROBE_PAUSE_S)
    normal_ms = 1.5 * idle.percentile_ms(50)
    load = await scheduled(server.connections, server.requests, np.zeros(documents))
    ended_s = sent_s = time.perf_counter()
    recovered_s = math.inf
    recent: deque[tuple[float, float]] = deque(maxlen=_PROBES_IN_A_ROW)
    while recovered_s == math.inf and sent_s - ended_s < _MAX_RECOVERY_S:
        sent_s = time.perf_counter()
        answer = await one_by_one(server.connections, probe, 1, _PROBE_PAUSE_S)
        recent.append((sent_s, answer.percentile_ms(50)))
        if len(recent) == _PROBES_IN_A_ROW and median(ms for _, ms in recent) <= normal_ms:
            recovered_s = recent[0][0] - ended_s
    return Recovery(idle.percentile_ms(50), recovered_s, dict(load.outcomes))
