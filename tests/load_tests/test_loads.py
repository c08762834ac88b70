"""Loads against a small server: what is sent when, and from when latencies count."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, closing, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from load_tests.loads import closed, one_by_one, poisson_times_s, scheduled
from tests.load_tests.connecting import connections_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from load_tests.wire import Connections


@dataclass
class SmallServer:
    """Answers after ``takes_s`` once ``gather`` requests are under way.

    One request at a time where it is ``single``. ``arrivals`` are paths with their times, and
    ``max_under_way`` the most that were under way at once.
    """

    takes_s: float = 0.0
    gather: int = 1
    single: bool = False
    status: str = "200 OK"
    arrivals: list[tuple[str, float]] = field(default_factory=list)
    max_under_way: int = 0
    under_way: int = 0

    def __post_init__(self) -> None:
        """Make what requests wait for."""
        self.gathered = asyncio.Barrier(self.gather)
        self.turn: AbstractAsyncContextManager[None] = (
            asyncio.Lock() if self.single else nullcontext()
        )

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.arrivals.append((head.split()[1].decode(), time.perf_counter()))
                self.under_way += 1
                self.max_under_way = max(self.max_under_way, self.under_way)
                await self.gathered.wait()
                async with self.turn:
                    await asyncio.sleep(self.takes_s)
                self.under_way -= 1
                writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\n\r\n".encode())


@asynccontextmanager
async def served(small: SmallServer) -> AsyncIterator[Connections]:
    """Serve it on a free port, and yield connections to it."""
    server = await asyncio.start_server(small.handle, "127.0.0.1", 0)
    async with server, connections_to(server) as connections:
        yield connections


CLOCK_S = 0.002
"""How much too early a loop may call, as its clock is coarser than the one of the assertions."""

REQUESTS = [f"GET /{number} HTTP/1.1\r\n\r\n".encode() for number in range(3)]


def test_a_closed_loop_never_has_more_under_way_than_clients() -> None:
    """Every document is sent once, in turn, and each client waits for its answer."""

    async def run() -> None:
        small = SmallServer(gather=4)
        async with served(small) as connections:
            load = await closed(connections, REQUESTS, count=12, clients=4)
        assert load.outcomes == {"200": 12}
        assert (load.answered, small.max_under_way) == (12, 4)
        assert [path for path, _ in small.arrivals][:3] == ["/0", "/1", "/2"]
        assert load.rate == 12 / load.duration_s

    asyncio.run(run())


def test_an_open_loop_sends_at_its_times_whatever_the_server_does() -> None:
    """Documents are spread over time, and a slow answer keeps nothing back."""
    times_s = np.array([0.0, 0.1, 0.2, 0.3])

    async def run() -> None:
        small = SmallServer(gather=4)
        started_s = time.perf_counter()
        async with served(small) as connections:
            await scheduled(connections, REQUESTS, times_s)
        assert small.max_under_way == 4
        arrived_s = np.array([arrival_s for _, arrival_s in small.arrivals]) - started_s
        assert (arrived_s >= times_s - CLOCK_S).all()

    asyncio.run(run())


def test_latency_counts_from_when_a_document_was_to_be_sent() -> None:
    """Where a server takes one at a time, waiting behind the others is part of the latency."""

    async def run() -> None:
        small = SmallServer(takes_s=0.05, single=True)
        async with served(small) as connections:
            load = await scheduled(connections, REQUESTS, np.zeros(4))
        waited = np.sort(load.latencies_s)
        assert (waited >= 0.05 * np.arange(1, 5) - CLOCK_S).all()

    asyncio.run(run())


def test_a_sender_that_is_behind_does_not_hide_it() -> None:
    """How late the sender itself is counts in the latency, and is reported."""

    async def run() -> None:
        small = SmallServer()
        async with served(small) as connections:
            asyncio.get_running_loop().call_later(0.01, time.sleep, 0.2)
            load = await scheduled(connections, REQUESTS, np.array([0.0, 0.05]))
        assert load.late_s > 0.1
        assert max(load.latencies_s) > 0.1

    asyncio.run(run())


def test_refusals_and_lost_connections_have_no_latency() -> None:
    """What was not answered with 200 is counted by status, or as lost."""

    async def run() -> None:
        async with served(SmallServer(status="429 Too Many Requests")) as connections:
            load = await closed(connections, REQUESTS, count=3, clients=1)
            assert (load.outcomes, load.answered) == ({"429": 3}, 0)
            assert np.isnan(load.percentile_ms(50))
        load = await closed(connections, REQUESTS, count=2, clients=1)
        assert (load.outcomes, load.failed) == ({"lost": 2}, 2)

    asyncio.run(run())


def test_a_burst_is_all_at_once_and_single_documents_never_are() -> None:
    """A burst leaves nothing for later; single documents find the server idle."""

    async def run() -> None:
        small = SmallServer(gather=20)
        async with served(small) as connections:
            await scheduled(connections, REQUESTS, np.zeros(20))
            assert small.max_under_way == 20
        alone = SmallServer()
        async with served(alone) as connections:
            load = await one_by_one(connections, REQUESTS, 4, pause_s=0.001)
        assert (load.answered, alone.max_under_way) == (4, 1)

    asyncio.run(run())


@pytest.mark.parametrize("seed", [0, 7])
def test_arrivals_are_seeded_ascending_and_as_many_as_the_rate_says(seed: int) -> None:
    """The same seed gives the same times; gaps vary as those of independent arrivals do."""
    times_s = poisson_times_s(rate=200.0, duration_s=10.0, seed=seed)

    assert np.array_equal(times_s, poisson_times_s(200.0, 10.0, seed))
    assert not np.array_equal(times_s, poisson_times_s(200.0, 10.0, seed + 1))
    assert len(times_s) == 2000
    gaps_s = np.diff(times_s)
    assert (gaps_s >= 0).all()
    assert 0 <= times_s[0] <= times_s[-1] <= 10
    assert gaps_s.std() == pytest.approx(gaps_s.mean(), rel=0.1)  # exponential
