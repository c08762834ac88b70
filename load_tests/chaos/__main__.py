"""Run scenarios one after the other: ``python -m load_tests.chaos [NAME ...]``.

Prints a line for each. Exit codes: 0 all is as promised; 1 something is not, or did not happen in
time; 2 the call was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from load_tests.chaos import challengers, clients, logs, stops, surroundings
from load_tests.environments import CommandError
from load_tests.stage import Outcome, Stage, StageError
from load_tests.status import ServiceError
from load_tests.subject import make_subject

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

__all__ = ["SCENARIOS", "main"]

SCENARIOS: dict[str, Callable[[Stage], Awaitable[Outcome]]] = {
    "clients-leave": clients.leaving,
    "twice-the-load": clients.twice_the_load,
    "burst": clients.bursting,
    "slow-clients": clients.slow,
    "compressed-bodies": clients.compressed,
    "challenger-killed": challengers.killed,
    "challenger-hung": challengers.hung,
    "crash-loop-half-load": challengers.crashing_at_half_load,
    "crash-loop-full-load": challengers.crashing_at_full_load,
    "worker-killed": stops.worker_killed,
    "stop-under-load": stops.stopped_under_load,
    "kill-in-the-stop": stops.killed_while_it_stops,
    "hang-up": stops.hang_up,
    "log-disk-full": logs.full,
    "log-moved": logs.rotated,
    "logs-merged": logs.merged,
    "injected-variables": surroundings.injected,
    "modules-around": surroundings.decoys,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    names = _parse(arguments).names or [*SCENARIOS]
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        try:
            stage = Stage(make_subject(Path(scratch)), Path(scratch))
            outcomes = [runner.run(_run(name, stage)) for name in names]
        except CommandError as error:
            sys.stderr.write(f"chaos: {error}\n")
            return 1
        except KeyboardInterrupt:
            sys.stderr.write("chaos: interrupted\n")
            return 1
    return 0 if all(outcomes) else 1


async def _run(name: str, stage: Stage) -> bool:
    started_s = time.perf_counter()
    try:
        outcome = await SCENARIOS[name](stage)
    except (CommandError, ServiceError, StageError) as error:
        outcome = Outcome(passed=False, told=str(error))
    print(
        f"{outcome.word}  {name} ({time.perf_counter() - started_s:.0f} s): {outcome.told}",
        flush=True,
    )
    return outcome.passed


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.chaos",
        description="Disturb running services, and see that they do what was promised.",
        epilog="example: python -m load_tests.chaos challenger-killed stop-under-load",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENARIOS))
    call = parser.parse_args(arguments)
    if unknown := [name for name in call.names if name not in SCENARIOS]:
        parser.error(f"there is no scenario {unknown[0]}; there are {', '.join(SCENARIOS)}")
    return call


if __name__ == "__main__":
    # Services must not outlive this process, whichever signal ends it.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    sys.exit(main())
