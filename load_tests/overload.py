"""Too much at once: a load that cannot be served, and a burst."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from load_tests.client import open_client
from load_tests.coverage import read_status
from load_tests.loads import burst, closed, one_by_one, scheduled

if TYPE_CHECKING:
    from load_tests.servers import Server

__all__ = ["Overload", "Recovery", "overload", "recover"]

_TIMEOUT_S = 30.0
_TOO_MUCH = 2.0
_NORMAL = 1.5
_PROBES_BEFORE = 20
_PROBES_IN_A_ROW = 5
_PROBE_PAUSE_S = 0.02
_MOST_RECOVERY_S = 30.0


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
    def neither(self) -> int:
        """Documents that were neither answered nor refused with 429."""
        return sum(self.outcomes.values()) - self.answered - self.outcomes.get("429", 0)


async def overload(server: Server, clients: int, documents: int, duration_s: float) -> Overload:
    """Send documents at twice the rate that so many clients reach, whatever comes back."""
    first = await closed(server.connections, server.requests, documents, clients)
    rate = _TOO_MUCH * first.rate
    times_s = np.arange(round(rate * duration_s)) / rate
    async with open_client(server.url, 1, _TIMEOUT_S) as client:
        before, cpu_s = await read_status(client), server.cpu_s()
        load = await scheduled(server.connections, server.requests, times_s)
        cpu_s = server.cpu_s() - cpu_s
        after = await read_status(client)
    last = await closed(server.connections, server.requests, documents, clients)
    return Overload(
        saturation=(first.rate + last.rate) / 2,
        goodput=load.answered / load.duration_s,
        outcomes=dict(load.outcomes),
        counted=after.since(before).documents,
        server_cpu_ms=cpu_s / max(1, load.answered) * 1000,
        p99_ms=load.percentile_s(99) * 1000,
    )


@dataclass(frozen=True, slots=True)
class Recovery:
    """After a burst: how long until single documents take as long as before it, in seconds.

    It is normal from the first of five documents in a row on whose median is at most half as much
    again as the median before: one that is slow says nothing, before or after. ``recovered_s``
    counts from the burst's last answer, and is infinite where that did not come within half a
    minute.
    """

    idle_ms: float
    recovered_s: float
    outcomes: dict[str, int]


async def recover(server: Server, documents: int) -> Recovery:
    """Measure one document, of middling length, send a burst, and measure it until it is normal."""
    probe = [sorted(server.requests, key=len)[len(server.requests) // 2]]
    idle = await one_by_one(server.connections, probe, _PROBES_BEFORE, _PROBE_PAUSE_S)
    idle_ms = idle.percentile_s(50) * 1000
    outcomes = dict((await burst(server.connections, server.requests, documents)).outcomes)
    ended_s = began_s = time.perf_counter()
    latest: deque[tuple[float, float]] = deque(maxlen=_PROBES_IN_A_ROW)
    recovered_s = float("inf")
    while recovered_s == float("inf") and began_s - ended_s < _MOST_RECOVERY_S:
        began_s = time.perf_counter()
        one = await one_by_one(server.connections, probe, 1, _PROBE_PAUSE_S)
        latest.append((began_s, one.percentile_s(50) * 1000))
        if len(latest) == _PROBES_IN_A_ROW and median(ms for _, ms in latest) <= _NORMAL * idle_ms:
            recovered_s = latest[0][0] - ended_s
    return Recovery(idle_ms, recovered_s, outcomes)
