"""The log cannot be written, is moved, or is read twice: serving goes on, and it is counted."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from load_tests.measuring import settle
from load_tests.stage import Outcome, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from load_tests.documents import JsonObject
    from load_tests.stage import Scene, Stage

__all__ = ["full", "merged", "rotated"]

_COUNT = 200
_ROOM_BYTES = 20_000
_LEFT_OUT = 3


async def full(stage: Stage) -> Outcome:
    """Let the log's disk be full for a while: documents are answered, lost lines are counted."""
    async with stage.service() as scene:
        await scene.challenger_pid()
        pid = scene.worker_pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        limit = scene.log.stat().st_size + _ROOM_BYTES
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, hard))
        during = await scene.send(np.zeros(_COUNT))
        await settle(scene.server)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        after = await scene.send(np.zeros(_COUNT))
        os.kill(scene.server.pid, signal.SIGTERM)
        await scene.ended()
        lines = list(_whole(scene.log))
    lost = lines[-1].get("lost_log_lines", {}).get("file", 0)
    missing = lines[-1]["seq"] - len(lines)
    observed = sum(line["event"] == "request.observed" for line in lines)
    failed = during.failed + after.failed
    return Outcome(
        passed=failed == 0 and 0 < lost == missing and observed >= after.answered,
        told=(
            f"{during.answered + after.answered} answered, {failed} failed; {lost} lines lost "
            f"while it was full, {missing} numbers missing; {observed} observed"
        ),
    )


async def rotated(stage: Stage) -> Outcome:
    """Move the log under load: no line is lost, and the file is there again."""
    async with stage.service() as scene:
        await scene.challenger_pid()
        aside = scene.log.with_name("aside.jsonl")
        first = await scene.send(np.zeros(_COUNT))
        scene.log.rename(aside)
        second = await scene.send(np.zeros(_COUNT))
        await _written(scene)
        lost = (await scene.status())["lost_log_lines"]
        lines = [*_observed(aside), *_observed(scene.log)]
        expected = (await scene.status())["documents"]
    return Outcome(
        passed=first.failed == second.failed == lost == 0 and len(lines) == expected,
        told=f"{expected} answered, {len(lines)} lines in two files, {lost} lost",
    )


async def merged(stage: Stage) -> Outcome:
    """Read the logs of two replicas of one name twice, torn and with a gap: all of it is told."""
    logs: list[Path] = []
    answered = failed = 0
    for _ in range(2):
        async with stage.service(REPLICA="same") as scene:
            await scene.challenger_pid()
            failed += (await scene.send(np.zeros(_COUNT))).failed
            await _written(scene)
            answered += (await scene.status())["documents"]
            logs.append(scene.log)
    first = logs[0].read_bytes().splitlines(keepends=True)
    middle = len(first) // 2
    logs[0].write_bytes(b"".join(first[:middle] + first[middle + _LEFT_OUT :]) + first[0][:20])
    account = _compared(logs[1], logs[0], logs[1])["log"]
    duplicates = sum(1 for _ in logs[1].open(encoding="utf-8"))
    return Outcome(
        passed=failed == 0
        and account["duplicates"] == duplicates
        and account["torn"] == 1
        and account["missing"] == _LEFT_OUT,
        told=f"{answered} answered; {account}",
    )


async def _written(scene: Scene) -> None:
    """Wait until every document has its outcome, and the line of the last one is in the log."""
    await settle(scene.server)
    expected = (await scene.status())["documents"]

    async def is_written() -> bool:
        files = scene.log.parent.glob("*.jsonl")
        return bool(sum(1 for file in files for _ in _observed(file)) >= expected)

    await until(is_written, "the lines of all documents")


def _whole(log: Path) -> Iterator[JsonObject]:
    """Read the lines that were written whole."""
    with log.open(encoding="utf-8") as file:
        for line in file:
            with suppress(ValueError):
                yield json.loads(line)


def _compared(*logs: Path) -> JsonObject:
    """Return what a comparison says of logs, whether or not it is for the challenger."""
    understudy = str(Path(sys.executable).with_name("understudy"))
    command = (understudy, "compare", *map(str, logs), "--json")
    ended = subprocess.run(command, check=False, capture_output=True)  # noqa: S603 (our own)
    return dict(json.loads(ended.stdout))


def _observed(log: Path) -> Iterator[str]:
    with log.open(encoding="utf-8") as file:
        yield from (line for line in file if '"event":"request.observed"' in line)
