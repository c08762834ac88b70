"""What is measured of a loaded service every ten seconds.

Processes are measured between loads: reading the memory map of a process stops it for
milliseconds, which would be seen in its latencies.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import psutil

from load_tests.loads import poisson_times_s
from load_tests.servers import processes
from load_tests.stage import StageError
from load_tests.status import read_status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from load_tests.documents import JsonObject
    from load_tests.loads import Load
    from load_tests.stage import Scene
    from load_tests.status import Coverage

__all__ = ["ProcessUse", "Sample", "sampled"]

_INTERVAL_S = 10.0
_PATIENCE_S = 60.0
_PACE_STEPS = 200_000
_PACE_TRIES = 3
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """What a process holds: memory in MiB, and numbers of open descriptors and threads.

    Memory is the proportional set size, so that pages that processes share count once in the sum;
    where the system does not tell it, that of pages which no other process has.
    """

    pid: int
    memory_mib: float
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class Sample:
    """An interval of the load, and what the processes held at its end.

    It ended ``elapsed_s`` after the first one began. ``answered`` and ``failed`` documents, and
    latencies in milliseconds, are of the interval; ``late_ms`` is the longest that the sender was
    behind. ``pace_ms`` is the processor time of a fixed piece of work at its end, which tells how
    fast the machine was. ``coverage`` and the size of the log in bytes are since the start of the
    service.
    """

    elapsed_s: float
    processes: dict[str, ProcessUse]
    answered: int
    failed: int
    p50_ms: float
    p99_ms: float
    late_ms: float
    pace_ms: float
    coverage: Coverage
    log_bytes: int

    @property
    def memory_mib(self) -> float:
        """The memory of all processes, in MiB."""
        return sum(use.memory_mib for use in self.processes.values())

    @property
    def descriptors(self) -> int:
        """The open descriptors of all processes."""
        return sum(use.descriptors for use in self.processes.values())

    @property
    def pids(self) -> dict[str, int]:
        """The id of each process."""
        return {name: use.pid for name, use in self.processes.items()}

    def as_json(self) -> JsonObject:
        """Return the sample as JSON, with the sums over processes."""
        return {"memory_mib": self.memory_mib, "descriptors": self.descriptors, **asdict(self)}


async def sampled(scene: Scene, rate: float, duration_s: float) -> AsyncIterator[Sample]:
    """Send documents at ``rate`` a second for so long, and yield a sample of every ten seconds.

    Raises ``StageError`` where nothing is answered, and ``ServiceError``.
    """
    started_s = time.perf_counter()
    number = 0
    while time.perf_counter() < started_s + duration_s:
        try:
            async with asyncio.timeout(_INTERVAL_S + _PATIENCE_S):
                load = await scene.send(poisson_times_s(rate, _INTERVAL_S, number))
                sample = await _sample(scene, load, started_s)
        except TimeoutError:
            message = f"waited {_PATIENCE_S:g} s for the answers of an interval"
            raise StageError(message) from None
        yield sample
        number += 1


async def _sample(scene: Scene, load: Load, started_s: float) -> Sample:
    if load.answered == 0:
        message = f"no document was answered for {_INTERVAL_S:g} s: {dict(load.outcomes)}"
        raise StageError(message)
    uses = await _uses(scene)
    return Sample(
        elapsed_s=time.perf_counter() - started_s,
        processes=uses,
        answered=load.answered,
        failed=load.failed,
        p50_ms=load.percentile_ms(50),
        p99_ms=load.percentile_ms(99),
        late_ms=load.late_s * 1000,
        pace_ms=_pace_ms(),
        coverage=(await read_status(scene.server.connections)).coverage["total"],
        log_bytes=scene.log.stat().st_size,
    )


def _pace_ms() -> float:
    """Return the processor time of a fixed piece of work, the shortest of three."""
    times = []
    for _ in range(_PACE_TRIES):
        started_s = time.thread_time()
        sum(step % 7 for step in range(_PACE_STEPS))
        times.append(time.thread_time() - started_s)
    return min(times) * 1000


async def _uses(scene: Scene) -> dict[str, ProcessUse]:
    """Measure the processes, by their part in the service."""
    names = {
        scene.server.pid: "supervisor",
        scene.worker_pid: "champion",
        await scene.challenger_pid(): "challenger",
    }
    uses = {}
    for process in processes(scene.server.pid):
        with suppress(psutil.NoSuchProcess):
            name = names.get(process.pid) or _other_name(process)
            uses[name] = _use(process)
    return uses


def _other_name(process: psutil.Process) -> str:
    is_fork_server = "service.shadow.local.forking" in process.cmdline()
    return "fork server" if is_fork_server else f"process {process.pid}"


def _use(process: psutil.Process) -> ProcessUse:
    memory = process.memory_full_info()
    size_bytes = getattr(memory, "pss", memory.uss)
    return ProcessUse(process.pid, size_bytes / _MIB, process.num_fds(), process.num_threads())
