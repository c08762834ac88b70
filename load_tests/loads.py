"""Loads: how documents are sent, and what became of each.

- closed: so many clients, each of which sends its next document when the last one is answered
- scheduled: documents at fixed times, whatever the server does; the latency of each counts from
  the time at which it was to be sent, so that waiting behind others is part of it (Tene, 2013,
  calls leaving it out coordinated omission); a burst is all of them at the same time
- one by one: each finds the server idle
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np

from load_tests.wire import WireError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from load_tests.wire import Connections

__all__ = ["Load", "closed", "one_by_one", "poisson_times_s", "scheduled"]


@dataclass(slots=True)
class Load:
    """What became of the documents of one load.

    ``outcomes`` counts statuses, and ``"lost"`` for connections; ``latencies_s`` has one entry a
    document answered with 200; ``late_s`` is the longest that the sender was behind its schedule.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)
    late_s: float = 0.0
    duration_s: float = 0.0
    client_cpu_s: float = 0.0

    @property
    def answered(self) -> int:
        """Count the documents answered with 200."""
        return len(self.latencies_s)

    @property
    def failed(self) -> int:
        """Count the documents without a 200."""
        return self.outcomes.total() - self.answered

    @property
    def rate(self) -> float:
        """Return documents answered with 200 a second, until the last answer."""
        return self.answered / self.duration_s

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile of the latencies, or NaN if no document was answered."""
        return float(np.percentile(self.latencies_s or [np.nan], percent)) * 1000

    async def send(self, connections: Connections, request: bytes, planned_s: float) -> None:
        """Send one document now that was to be sent at ``planned_s``."""
        self.late_s = max(self.late_s, time.perf_counter() - planned_s)
        try:
            answer = await connections.send(request)
        except WireError:
            self.outcomes["lost"] += 1
            return
        self.outcomes[str(answer.status)] += 1
        if answer.ok:
            self.latencies_s.append(answer.arrived_s - planned_s)


@contextmanager
def _timed(load: Load) -> Iterator[None]:
    """Time a load, without pauses of the sender's garbage collector."""
    gc.collect()
    gc.disable()
    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        load.duration_s = time.perf_counter() - started_s
        load.client_cpu_s = time.process_time() - started_cpu_s
        gc.enable()


async def closed(
    connections: Connections,
    requests: Sequence[bytes],
    count: int,
    clients: int,
    load: Load | None = None,
) -> Load:
    """Send ``count`` requests, which start over at the end, from so many clients at once.

    They are sent by ``load`` where one is passed, and counted there.
    """
    load = load or Load()
    queue = islice(cycle(requests), count)

    async def client() -> None:
        for request in queue:
            await load.send(connections, request, time.perf_counter())

    with _timed(load):
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(client())
    return load


async def scheduled(
    connections: Connections, requests: Sequence[bytes], times_s: NDArray[np.float64]
) -> Load:
    """Send one request at each of the times, in seconds from now and ascending."""
    load = Load()
    with _timed(load):
        started_s = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for planned_s, request in zip(started_s + times_s, cycle(requests), strict=False):
                # Even when it is late: answers must arrive between the requests.
                await asyncio.sleep(planned_s - time.perf_counter())
                group.create_task(load.send(connections, request, float(planned_s)))
    return load


async def one_by_one(
    connections: Connections, requests: Sequence[bytes], count: int, pause_s: float
) -> Load:
    """Send ``count`` requests with a pause before each, so that each finds the server idle."""
    load = Load()
    with _timed(load):
        for request in islice(cycle(requests), count):
            await asyncio.sleep(pause_s)
            await load.send(connections, request, time.perf_counter())
    return load


def poisson_times_s(rate: float, duration_s: float, seed: int) -> NDArray[np.float64]:
    """Return the times of independent arrivals: float64 [arrivals], ascending, in seconds.

    Their number is fixed at ``rate`` times ``duration_s``, so that runs ask for the same work.
    """
    count = round(rate * duration_s)
    return np.sort(np.random.default_rng(seed).uniform(0, duration_s, count))
