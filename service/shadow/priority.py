"""Keep a challenger out of the champion's way, and tell whether it starves or hangs."""

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
"""Places of the fields of ``/proc/PID/stat`` after the command's name (proc_pid_stat(5))."""


def drop_priority() -> str:
    """Move every thread of this process to the idle class; gives the name of what was possible.

    Policy and niceness belong to a thread, so each one that runs already is moved; those that
    start later inherit it. Where the idle class is refused, nice 19 is taken instead.
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
    # One that is not moved yet may start another meanwhile: look until there is nobody new.
    while new := _threads() - moved:
        for thread in new:
            # A thread may end before its turn.
            with contextlib.suppress(ProcessLookupError):
                move(thread)
        moved |= new


def _threads() -> set[int]:
    """Give the ids of this process's threads; 0, the caller, where the system does not tell."""
    try:
        return {int(entry.name) for entry in Path("/proc/self/task").iterdir()}
    except FileNotFoundError:
        return {0}


@dataclass(frozen=True, slots=True)
class ProcessorUse:
    """A moment of a process: its state letter, and the processor seconds that it has used."""

    state: str
    cpu_s: float

    def hung_since(self, before: ProcessorUse, elapsed_s: float) -> bool:
        """Tell whether a process that had work and made no progress hangs, rather than starves.

        It hangs when it is stopped, when it waits although it has work, or when it computed for
        half of the time and has nothing to show. It starves when it is ready to run and was given
        less than that.
        """
        if self.state != _READY_TO_RUN:
            return True
        return self.cpu_s - before.cpu_s > elapsed_s / 2


def processor_use(pid: int) -> ProcessorUse | None:
    """Read the state and processor time of a process; None when it cannot be told."""
    process = Path(f"/proc/{pid}")
    try:
        fields = _stat(process)
    except OSError:
        return None
    ticks = int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])
    # One thread that is ready to run makes the process so, whatever its main thread waits for.
    ready = any(state == _READY_TO_RUN for state in _thread_states(process))
    return ProcessorUse(
        state=_READY_TO_RUN if ready else fields[_STATE],
        cpu_s=ticks / os.sysconf("SC_CLK_TCK"),
    )


def _thread_states(process: Path) -> Iterator[str]:
    # The process, or a thread of it, may end while we look.
    with contextlib.suppress(OSError):
        for thread in (process / "task").iterdir():
            yield _stat(thread)[_STATE]


def _stat(task: Path) -> list[str]:
    """Give the fields of a ``stat`` file that follow the command's name.

    The name stands in brackets and may itself hold spaces and brackets.
    """
    text = (task / "stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()
