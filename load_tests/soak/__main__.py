"""Load a service at half of what it can answer: ``python -m load_tests.soak [--minutes 60]``.

Prints a line for each thing that has to hold. Writes a sample of every ten seconds to
``samples.jsonl`` as it is taken, and a plot to ``soak.svg``. Exit codes: 0 all is as promised; 1
something is not, or could not be measured; 2 the call was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from load_tests.environments import CommandError
from load_tests.measuring import laps, saturate, settle, warm_rate
from load_tests.soak.plot import as_svg
from load_tests.soak.report import after_warm_up, judge
from load_tests.soak.sampling import sampled
from load_tests.stage import Outcome, Stage, StageError
from load_tests.status import ServiceError, read_status
from load_tests.subject import make_subject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from load_tests.soak.sampling import Sample
    from load_tests.stage import Scene

__all__ = ["main"]

_CLIENTS = 32
_FULL_LOAD_S = 10.0
_MIN_MINUTES = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    out, file, minutes = _parse(arguments)
    print(f"samples and plot: {out}", flush=True)
    samples: list[Sample] = []
    with (
        file,
        tempfile.TemporaryDirectory(prefix="soak-") as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        try:
            stage = Stage(make_subject(Path(scratch)), Path(scratch))
            outcomes = runner.run(_soak(stage, minutes, file, samples))
        except (CommandError, ServiceError, StageError) as error:
            outcomes = {"soak": Outcome(passed=False, told=str(error))}
        except KeyboardInterrupt:
            outcomes = {"soak": Outcome(passed=False, told="interrupted")}
    if samples:
        warm_up_s = after_warm_up(samples)[0].elapsed_s
        (out / "soak.svg").write_text(as_svg(samples, warm_up_s), encoding="utf-8")
    for name, outcome in outcomes.items():
        print(f"{outcome.word}  {name}: {outcome.told}")
    return 0 if all(outcome.passed for outcome in outcomes.values()) else 1


async def _soak(
    stage: Stage, minutes: float, file: TextIO, samples: list[Sample]
) -> dict[str, Outcome]:
    """Load a service, write its samples and add them to ``samples``, and judge it."""
    async with stage.service() as scene:
        rate = await _full_rate(scene) / 2
        print(f"{rate:.1f} documents/s, half of full load, for {minutes:g} minutes", flush=True)
        before = await read_status(scene.server.connections)
        async for sample in sampled(scene, rate, minutes * 60):
            samples.append(sample)
            file.write(json.dumps(sample.as_json()) + "\n")
            file.flush()
        await settle(scene.server)
        counted = (await read_status(scene.server.connections)).since(before)
        os.kill(scene.server.pid, signal.SIGTERM)
        await scene.ended()
        answered = sum(sample.answered for sample in samples)
        balance = scene.balance(before.documents + answered)
    coverage = counted.coverage["total"]
    told = f"{coverage.compared} of {coverage.eligible} compared, missed {coverage.missed}"
    compared = Outcome(not counted.imbalances(answered), told)
    return {**judge(samples), "coverage": compared, "balance": balance}


async def _full_rate(scene: Scene) -> float:
    """Return the documents a second that the champion answers, with a challenger beside it."""
    await scene.challenger_pid()
    documents = laps(scene.server, _CLIENTS, await warm_rate(scene.server), _FULL_LOAD_S)
    full = await saturate(scene.server, _CLIENTS, documents)
    await settle(scene.server)
    return full.rate


def _parse(arguments: Sequence[str] | None) -> tuple[Path, TextIO, float]:
    """Return the directory, the file of samples, and the minutes."""
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.soak",
        description="Load a service at half of what it can answer, and see that nothing grows.",
        epilog="example: python -m load_tests.soak --minutes 60 --out soaked",
    )
    how_long = "how long (%(default)g); in the first ten, memory grows until caches are full"
    parser.add_argument("--minutes", type=float, default=60.0, help=how_long)
    where = "new or without samples; a temporary directory otherwise"
    parser.add_argument("--out", type=Path, metavar="DIR", help=where)
    call = parser.parse_args(arguments)
    if not _MIN_MINUTES <= call.minutes < math.inf:
        parser.error(f"--minutes is {_MIN_MINUTES:g} or more")
    out: Path = call.out or Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        out.mkdir(parents=True, exist_ok=True)
        return out, (out / "samples.jsonl").open("x", encoding="utf-8"), call.minutes
    except OSError as error:
        parser.error(f"--out {out}: {error.strerror}")


if __name__ == "__main__":
    # Services must not outlive this process, whichever signal ends it.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    sys.exit(main())
