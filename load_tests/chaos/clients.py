"""Clients leave, ask for too much, or are slow, and others are answered."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import AsyncExitStack, closing, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from load_tests.loads import closed
from load_tests.measuring import laps, overload, recover, settle, warm_rate
from load_tests.stage import Outcome
from load_tests.status import read_status
from load_tests.wire import Connections

if TYPE_CHECKING:
    from load_tests.stage import Stage

__all__ = ["bursting", "compressed", "leaving", "slow", "twice_the_load"]

_COUNT = 400
_PATIENCE_S = 0.1
_MINUTE_S = 60.0
_GOODPUT = 0.9
_BURST = 600
_FELT_S = 1.0
_IDLE = 10_000
_HALF = 200
_AT_ONCE = 100


async def leaving(stage: Stage) -> Outcome:
    """Hang up on documents that wait among others: the others are answered."""
    async with stage.service() as scene:
        ours = scene.server.connections
        await warm_rate(scene.server)
        before = await read_status(ours)
        with closing(Connections(ours.url, timeout_s=_PATIENCE_S)) as impatient:
            others, left = await asyncio.gather(
                closed(ours, scene.server.requests, _COUNT, 8),
                closed(impatient, scene.server.requests, _COUNT, 24),
            )
        await settle(scene.server)
        after = await read_status(ours)
    counted, balances = after.since(before).documents, not after.imbalances(after.documents)
    answered = others.answered + left.answered
    return Outcome(
        passed=others.failed == 0 and left.failed > 0 and balances and counted < 2 * _COUNT,
        told=(
            f"{left.failed} callers left; of those that waited {others.answered} were answered, "
            f"{others.failed} failed; {counted} documents computed for {answered} answers"
        ),
    )


async def twice_the_load(stage: Stage) -> Outcome:
    """Send twice what can be answered for a minute: as much is answered, the rest refused."""
    async with stage.service() as scene:
        clients = 32
        documents = laps(scene.server, clients, await warm_rate(scene.server), 10.0)
        found = await overload(scene.server, clients, documents, _MINUTE_S)
    goodput = found.goodput / found.saturation
    return Outcome(
        passed=goodput >= _GOODPUT and found.failed == 0 and found.counted == found.answered,
        told=(
            f"{goodput:.2f} of what was answered before and after; outcomes {found.outcomes}; "
            f"{found.counted} documents computed for {found.answered} answers"
        ),
    )


async def bursting(stage: Stage) -> Outcome:
    """Send 600 documents at once: soon after, a document takes as long as before."""
    async with stage.service() as scene:
        await warm_rate(scene.server)
        found = await recover(scene.server, _BURST)
    return Outcome(
        passed=found.recovered_s <= _FELT_S,
        told=(
            f"{found.idle_ms:.1f} ms before; again {found.recovered_s:.2f} s after the last of "
            f"{found.outcomes}"
        ),
    )


async def slow(stage: Stage) -> Outcome:
    """Hold thousands of connections that ask for nothing, or never end: others are answered."""
    async with stage.service() as scene, AsyncExitStack() as stack:
        url = urlsplit(scene.server.connections.url)
        await warm_rate(scene.server)
        half = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
        endless = b"GET /livez HTTP/1.1\r\nX-A: " + b"a" * 10_000_000
        bodies = [b""] * _IDLE + [half] * _HALF + [endless] * 3
        opened = 0
        for start in range(0, len(bodies), _AT_ONCE):
            writers = await asyncio.gather(
                *(
                    _open(url.hostname or "", url.port or 80, body)
                    for body in bodies[start : start + _AT_ONCE]
                )
            )
            for writer in filter(None, writers):
                stack.callback(writer.transport.abort)
                opened += 1
        load = await closed(scene.server.connections, scene.server.requests, _COUNT, 8)
        status = await read_status(scene.server.connections)
    return Outcome(
        passed=load.failed == 0 and not status.imbalances(status.documents),
        told=f"{opened} connections held; {load.answered} answered, {load.failed} failed",
    )


async def compressed(stage: Stage) -> Outcome:
    """Send bodies that are compressed: documents are answered, and a bomb is refused."""
    async with stage.service(MAX_BODY_BYTES="1000000") as scene:
        plain = scene.server.requests[0].partition(b"\r\n\r\n")[2]
        head = scene.server.connections.post("/v1/classify", {}).partition(b"Content-Length")[0]
        statuses = []
        for body in (gzip.compress(plain), gzip.compress(bytes(20_000_000))):
            fields = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
            answer = await scene.server.connections.send(head + fields.encode() + body)
            statuses.append(answer.status)
    return Outcome(
        passed=statuses == [200, 413],
        told=f"a document {statuses[0]}, 20 MB of zeros in 20 kB {statuses[1]}",
    )


async def _open(host: str, port: int, data: bytes) -> asyncio.StreamWriter | None:
    """Connect and send; None where the connection is refused or cut meanwhile."""
    with suppress(OSError):
        _, writer = await asyncio.open_connection(host, port)
        writer.write(data)
        return writer
    return None
