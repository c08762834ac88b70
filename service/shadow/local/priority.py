"""How a challenger's process is kept from slowing down the champion: by idle priority."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["drop_priority"]

_LOWEST = 19


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
