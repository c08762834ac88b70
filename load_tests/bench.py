"""Measure the service against its peers and its targets: ``python -m load_tests.bench``.

Starts every server itself, on this machine, with the same documents and weights, and measures them
in turns. Prints one table. Exit codes: 0 it ran, whatever the table says of a shared machine; 1 a
server did not start or did not answer; 2 the call was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from load_tests.bare import BareEngine, bare_engine
from load_tests.client import ServiceError, get_json, open_client
from load_tests.contenders import PEERS, alone, empty_route, shadowed
from load_tests.documents import TableError
from load_tests.environments import NotInstalled
from load_tests.measuring import (
    engine_cpu_s,
    idle_ms,
    laps,
    saturate,
    saturate_shadowed,
    settle,
    warm_rate,
)
from load_tests.overload import overload, recover
from load_tests.pairs import pairs
from load_tests.results import ALONE, SHADOWED, Contest, Results
from load_tests.servers import Server, ServerError, running
from load_tests.subject import SubjectError, make_subject
from load_tests.table import as_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from load_tests.servers import Contender
    from load_tests.subject import Subject

__all__ = ["Plan", "main"]

_DONE = 0
_FAILED = 1
_WRONG_CALL = 2
_INTERRUPTED = 130

_CACHE = Path(__file__).parent / ".peers"
_BURST = 600
_STATUS_S = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often; ``pairs`` of two runs each."""

    clients: Sequence[int] = (1, 8, 32, 128)
    rounds: int = 3
    point_s: float = 2.0
    idle: int = 20
    pairs: int = 10
    pair_s: float = 5.0
    overload_s: float = 60.0


_QUICK = Plan(clients=(1, 32), rounds=1, point_s=1.0, pairs=3, pair_s=3.0, overload_s=10.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    call = _parse(arguments)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as scratch,
            # The clients take processor time from the servers: the less, the better.
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            results = runner.run(_run(call, Path(scratch)))
    except TableError as error:
        _say(str(error))
        return _WRONG_CALL
    except (ServerError, ServiceError, SubjectError) as error:
        _say(str(error))
        return _FAILED
    except KeyboardInterrupt:
        _say("interrupted")
        return _INTERRUPTED
    if call.json:
        print(json.dumps(results.as_json()))
    else:
        print(as_table(results.rows()))
        for name, reason in results.absent.items():
            print(f"not measured: {name}: {reason}")
        for note in results.notes:
            print(f"note: {note}")
    return _DONE


async def _run(call: argparse.Namespace, scratch: Path) -> Results:
    plan = _plan(call)
    _say("makes the model and seals it")
    subject = make_subject(scratch, call.model, call.data, call.text, call.label)
    results = Results(notes=list(subject.notes))
    async with AsyncExitStack() as own:
        servers = {
            contender.name: await _start(own, contender, subject, scratch)
            for contender in (alone(subject), shadowed(subject), empty_route())
        }
        results.engine = await _engine_name(servers[ALONE])
        bare = await _bare(own, subject, results)
        async with AsyncExitStack() as peers:
            if call.peers:
                others = await _start_peers(peers, subject, scratch, call.cache, results)
                servers.update(others)
            await _contest(servers, bare, plan, results)
        await _latencies(servers[ALONE], servers[SHADOWED], plan, results)
        await _too_much(servers[ALONE], servers[SHADOWED], plan, results)
    return results


async def _start(
    stack: AsyncExitStack, contender: Contender, subject: Subject, scratch: Path
) -> Server:
    _say(f"starts {contender.name}")
    return await stack.enter_async_context(running(contender, subject.texts, scratch))


async def _start_peers(
    stack: AsyncExitStack, subject: Subject, scratch: Path, cache: Path, results: Results
) -> dict[str, Server]:
    """Start those that can be; the others are said to be absent, and why."""
    servers = {}
    for peer in PEERS:
        try:
            contender = peer.contender(subject, scratch, cache)
            servers[peer.name] = await _start(stack, contender, subject, scratch)
        except NotInstalled as error:
            results.absent[peer.name] = f"not installed: {error}"
        except ServerError as error:
            results.absent[peer.name] = f"not started: {error.reason}"
            _say(str(error))
    results.at_defaults = [peer.name for peer in PEERS if peer.at_defaults]
    return servers


async def _engine_name(server: Server) -> str:
    async with open_client(server.url, 1, _STATUS_S) as client:
        status = await get_json(client, "/v1/status")
    return str(status["champion"]["engine"])


async def _bare(stack: AsyncExitStack, subject: Subject, results: Results) -> BareEngine | None:
    try:
        return await stack.enter_async_context(bare_engine(subject, results.engine))
    except ServerError as error:
        results.notes.append(str(error))
        return None


async def _contest(
    servers: dict[str, Server], bare: BareEngine | None, plan: Plan, results: Results
) -> None:
    """Measure closed loops and idle latencies, everybody in turns."""
    rates = {name: await warm_rate(server) for name, server in servers.items()}
    results.contests = {name: Contest() for name in servers}
    for number in range(plan.rounds):
        for clients in plan.clients:
            for name, server in servers.items():
                _say(f"round {number + 1} of {plan.rounds}: {name}, {clients} clients")
                measure = saturate_shadowed if name == SHADOWED else saturate
                documents = laps(server, clients, rates[name], plan.point_s)
                before_s = await engine_cpu_s(server) if name == ALONE else 0.0
                results.contests[name].points.append(await measure(server, clients, documents))
                if name == ALONE:
                    taken_s = await engine_cpu_s(server) - before_s
                    results.engine_ms.append(taken_s / documents * 1000)
        if bare is not None:
            results.bare.append(
                await bare.measure(laps(servers[ALONE], 1, rates[ALONE], plan.point_s))
            )
        for name, server in servers.items():
            results.contests[name].idle_ms += await idle_ms(server, plan.idle)


async def _latencies(without: Server, with_shadow: Server, plan: Plan, results: Results) -> None:
    results.half_rate = results.contests[ALONE].rate / 2
    await settle(with_shadow)
    async for pair in pairs(without, with_shadow, results.half_rate, plan.pair_s, plan.pairs):
        results.pairs.append(pair)
        _say(
            f"pair {len(results.pairs)} of {plan.pairs}: p50 {pair.p50_ratio:.2f},"
            f" p99 {pair.p99_ratio:.2f}"
        )


async def _too_much(without: Server, with_shadow: Server, plan: Plan, results: Results) -> None:
    own = results.contests[ALONE]
    await settle(with_shadow)
    _say(f"sends twice the saturating load for {plan.overload_s:g} s")
    documents = laps(without, own.best, own.rate, plan.pair_s)
    results.overload = await overload(without, own.best, documents, plan.overload_s)
    for _ in range(plan.rounds):
        _say(f"sends {_BURST} documents at once")
        results.recoveries.append(await recover(with_shadow, _BURST))
        await settle(with_shadow)


def _plan(call: argparse.Namespace) -> Plan:
    plan = _QUICK if call.quick else Plan()
    return plan if call.rounds is None else replace(plan, rounds=call.rounds)


def _say(text: str) -> None:
    """Say how far it is, where the table does not go."""
    sys.stderr.write(f"bench: {text}\n")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.bench",
        description="Measure the service against its engine, its targets, and its peers.",
        epilog="example: python -m load_tests.bench --peers --json",
    )
    parser.add_argument("--peers", action="store_true", help="measure peers too")
    parser.add_argument(
        "--cache",
        type=Path,
        default=_CACHE,
        metavar="DIR",
        help="peers' environments (%(default)s)",
    )
    parser.add_argument("--quick", action="store_true", help="a run of a few minutes")
    parser.add_argument("--rounds", type=_count, help="of closed loops")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    own = parser.add_argument_group("documents and weights of your own")
    own.add_argument("--data", type=Path, metavar="TABLE", help="CSV or JSON Lines")
    own.add_argument("--text", action="append", default=[], metavar="COL")
    own.add_argument("--label", default="label", metavar="COL", help="%(default)s")
    own.add_argument("--model", type=Path, metavar="HF_DIR", help="a classifier and its tokenizer")
    call = parser.parse_args(arguments)
    if (call.data is None) == bool(call.text):
        parser.error("--data and --text go together")
    if call.model is not None and call.data is None:
        parser.error("--model needs --data: its labels are those of the table")
    return call


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        message = f"{text!r} is not a whole number above 0"
        raise argparse.ArgumentTypeError(message)
    return int(text)


if __name__ == "__main__":
    # The servers that run must not outlive this process, however it is asked to stop.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    sys.exit(main())
