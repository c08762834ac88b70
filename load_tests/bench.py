"""Measure the service against its peers and its targets: ``python -m load_tests.bench``.

Starts every server itself, on this machine, with the same documents and weights, and measures them
in turns. Before that, while nothing else runs, a browser opens a report of ``understudy diagnose``.
Prints one table. Exit codes: 0 it ran, whatever the table says of a shared machine; 1 a server did
not start or did not answer; 2 the call was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from load_tests import measuring
from load_tests.contenders import ALONE, OWN, PEERS, SHADOWED
from load_tests.environments import CommandError
from load_tests.first_paint import measure_report
from load_tests.results import Contest, Pair, Results
from load_tests.servers import Server, ServerError, running
from load_tests.status import ServiceError, get_json
from load_tests.subject import POOL, Subject, make_subject

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Plan", "main"]

_BURST = 600
_IDLE = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often to measure; each of the ``pairs`` is two runs of ``pair_s``."""

    clients: Sequence[int] = (1, 8, 32, 128)
    rounds: int = 3
    point_s: float = 2.0
    pairs: int = 10
    pair_s: float = 5.0
    overload_s: float = 60.0


_QUICK = Plan(clients=(1, 32), rounds=1, point_s=1.0, pairs=3, pair_s=3.0, overload_s=10.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    call = _parse(arguments)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as scratch,
            # The clients share the processors with the servers: the less they use, the better.
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            results = runner.run(_run(call, Path(scratch)))
    except (CommandError, ServiceError) as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    if call.json:
        print(json.dumps(results.as_json()))
    else:
        print(results.as_text())
    return 0


async def _run(call: argparse.Namespace, scratch: Path) -> Results:
    plan = _QUICK if call.quick else Plan()
    _say("making the model and sealing it")
    subject = make_subject(scratch)
    results = Results(notes=list(subject.notes))
    _say("opening the report of a diagnosis in a browser")
    results.report, results.absent = await measure_report(scratch)
    results.at_defaults = [peer.name for peer in PEERS if call.peers and peer.at_defaults]
    servers: dict[str, Server] = {}
    async with AsyncExitStack() as own:
        async with AsyncExitStack() as peers:
            for contender in (*OWN, *PEERS) if call.peers else OWN:
                name, stack = contender.name, own if contender in OWN else peers
                _say(f"starting {name}")
                try:
                    server = running(contender, subject, scratch)
                    servers[name] = await stack.enter_async_context(server)
                except CommandError as error:
                    if contender in OWN:
                        raise
                    done = "started" if isinstance(error, ServerError) else "installed"
                    results.absent[name] = f"not {done}: {error.reason}"
                    _say(str(error))
            status = await get_json(servers[ALONE].connections, "/v1/status")
            results.engine = status["champion"]["engine"]
            await _contest(servers, subject, plan, results)
        await _latencies(servers[ALONE], servers[SHADOWED], plan, results)
        await _overload(servers[ALONE], servers[SHADOWED], plan, results)
    return results


async def _contest(
    servers: dict[str, Server], subject: Subject, plan: Plan, results: Results
) -> None:
    """Measure closed loops and idle latencies of all servers in turns, and the bare engine."""
    rates = {name: await measuring.warm_rate(server) for name, server in servers.items()}
    results.contests = {name: Contest() for name in servers}
    for number in range(plan.rounds):
        for clients in plan.clients:
            for name, server in servers.items():
                _say(f"round {number + 1} of {plan.rounds}: {name}, {clients} clients")
                documents = measuring.laps(server, clients, rates[name], plan.point_s)
                before_s = await measuring.engine_cpu_s(server) if name == ALONE else 0.0
                point = await measuring.saturate(
                    server, clients, documents, shadow=name == SHADOWED
                )
                results.contests[name].points.append(point)
                if name == ALONE:
                    engine_s = await measuring.engine_cpu_s(server) - before_s
                    results.engine_ms.append(engine_s / documents * 1000)
        laps = measuring.laps(servers[ALONE], 1, rates[ALONE], plan.point_s) // POOL
        results.bare.append(measuring.run_engine(subject, results.engine, laps))
        for name, server in servers.items():
            results.contests[name].idle_ms += await measuring.idle_ms(server, _IDLE)


async def _latencies(without: Server, shadowed: Server, plan: Plan, results: Results) -> None:
    """Send the same documents at the same times with the shadow and without, in turns.

    Which one goes first alternates, and every pair has a schedule of its own.
    """
    results.half_rate = results.contests[ALONE].rate / 2
    await measuring.settle(shadowed)
    for number in range(plan.pairs):
        latencies = {}
        for server in (without, shadowed) if number % 2 else (shadowed, without):
            latencies[server.name] = await measuring.latency(
                server, results.half_rate, plan.pair_s, number
            )
            await measuring.settle(server)
        off, on = latencies[without.name], latencies[shadowed.name]
        results.pairs.append(Pair(off, on))
        _say(
            f"pair {number + 1} of {plan.pairs}: p50 {on.p50_ms / off.p50_ms:.2f},"
            f" p99 {on.p99_ms / off.p99_ms:.2f}"
        )


async def _overload(without: Server, shadowed: Server, plan: Plan, results: Results) -> None:
    own = results.contests[ALONE]
    await measuring.settle(shadowed)
    _say(f"sending twice the saturating load for {plan.overload_s:g} s")
    documents = measuring.laps(without, own.best, own.rate, plan.pair_s)
    results.overload = await measuring.overload(without, own.best, documents, plan.overload_s)
    for _ in range(plan.rounds):
        _say(f"sending {_BURST} documents at once")
        results.recoveries.append(await measuring.recover(shadowed, _BURST))
        await measuring.settle(shadowed)


def _say(text: str) -> None:
    """Report progress on standard error, apart from the table."""
    sys.stderr.write(f"bench: {text}\n")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.bench",
        description="Measure the service against its engine, its targets, and its peers.",
        epilog="example: python -m load_tests.bench --peers --json",
    )
    parser.add_argument("--peers", action="store_true", help="measure peers too")
    parser.add_argument("--quick", action="store_true", help="a run of a few minutes")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    # Servers must not outlive this process, whichever signal ends it.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    sys.exit(main())
