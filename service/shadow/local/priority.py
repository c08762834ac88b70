"""Lower the priority of a challenger's process, and tell whether it starves or hangs."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ProcessorUse", "drop_priority", "processor_use"]

_LOWEST = 19

_READY_TO_RUN = "R"
_STATE, _USER_TICKS, _SYSTEM_TICKS = 0, 11, 12
"""Indices of fields in ``/proc/PID/stat`` after the command's name (proc_pid_stat(5))."""


def drop_priority() -> str:
    """Move every thread of this process to idle priority; return the name of the new priority.

    It is nice 19 where the system refuses the idle class. Scheduling policy and niceness belong to
    a thread: those that run are moved one by one, and those that start later inherit it.
    """
    try:
        idle = os.SCHED_IDLE, os.sched_param(0)
        _move_threads(lambda thread: os.sched_setscheduler(thread, *idle))
    except (AttributeError, OSError):
        _move_threads(lambda thread: os.setpriority(os.PRIO_PROCESS, thread, _LOWEST))
        return f"nice {_LOWEST}"
    return "idle"


def _move_threads(move: Callable[[int], None]) -> None:
    moved: set[int] = set()
    # A thread that is not moved yet may start another meanwhile: repeat until there is no new one.
    while new := _threads() - moved:
        for thread in new:
            # A thread may end before it is moved.
            with contextlib.suppress(ProcessLookupError):
                move(thread)
        moved |= new


def _threads() -> set[int]:
    """Return the ids of this process's threads; without ``/proc``, 0 for the calling thread."""
    try:
        return {int(entry.name) for entry in Path("/proc/self/task").iterdir()}
    except FileNotFoundError:
        return {0}


@dataclass(frozen=True, slots=True)
class ProcessorUse:
    """The state letter of a process at some moment, and the processor seconds it has used."""

    state: str
    cpu_s: float

    def hung_since(self, before: ProcessorUse, elapsed_s: float) -> bool:
        """Return whether a process that had work and made no progress hangs rather than starves.

        It hangs when it is stopped, when it waits although it has work, or when it used the
        processor for more than half of the time without a result. It starves when it is ready to
        run and got less than that.
        """
        if self.state != _READY_TO_RUN:
            return True
        return self.cpu_s - before.cpu_s > elapsed_s / 2


def processor_use(pid: int) -> ProcessorUse | None:
    """Read the state and processor time of a process; None where that is not possible."""
    process = Path(f"/proc/{pid}")
    try:
        fields = _stat(process)
    except OSError:
        return None
    ticks = int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])
    # The process is ready to run when any thread is, even while its main thread waits.
    ready = any(state == _READY_TO_RUN for state in _thread_states(process))
    return ProcessorUse(
        state=_READY_TO_RUN if ready else fields[_STATE],
        cpu_s=ticks / os.sysconf("SC_CLK_TCK"),
    )


def _thread_states(process: Path) -> Iterator[str]:
    # The process, or one of its threads, may end meanwhile.
    with contextlib.suppress(OSError):
        for thread in (process / "task").iterdir():
            yield _stat(thread)[_STATE]


def _stat(task: Path) -> list[str]:
    """Return the fields of a ``stat`` file that follow the command's name.

    The name stands in brackets, and may itself contain spaces and brackets.
    """
    text = (task / "stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()
