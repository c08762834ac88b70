"""A process and all that descend from it: its processor seconds, and its end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["cpu_s", "kill", "tree"]

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_POLL_S = 0.05
_DYING_S = 10.0
_ENDED = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Process:
    """One process as ``/proc/PID/stat`` has it; started in ticks since boot tells PIDs apart."""

    pid: int
    state: str
    parent: int
    cpu_ticks: int
    started_ticks: int

    @property
    def lives(self) -> bool:
        """Whether it runs still, and not another one of the same number."""
        now = _read(self.pid)
        if now is None or now.state in _ENDED:
            return False
        return now.started_ticks == self.started_ticks


def tree(pid: int) -> list[Process]:
    """Give the process and all that descend from it, parents first; empty where it has ended."""
    children: dict[int, list[Process]] = {}
    found = []
    for process in _processes():
        children.setdefault(process.parent, []).append(process)
        if process.pid == pid:
            found = [process]
    for process in found:  # grows while it is walked
        found += children.get(process.pid, [])
    return found


def cpu_s(pid: int) -> float:
    """Give the user and system seconds of the process and all that descend from it.

    Those that have ended are in it when their parents have waited for them. Steps of 10 ms.
    """
    return sum(process.cpu_ticks for process in tree(pid)) / _TICKS_A_SECOND


def kill(processes: Iterable[Process], grace_s: float) -> None:
    """Give processes so long to end by themselves, then kill what is left of them."""
    left = _left(processes, grace_s)
    for process in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    _left(left, _DYING_S)


def _left(processes: Iterable[Process], patience_s: float) -> list[Process]:
    """Wait until none lives, or for so long, and give those that still do."""
    deadline_s = time.monotonic() + patience_s
    left = [process for process in processes if process.lives]
    while left and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)
        left = [process for process in left if process.lives]
    return left


def _processes() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        process = _read(int(entry.name)) if entry.name.isdecimal() else None
        if process is not None:
            yield process


def _read(pid: int) -> Process | None:
    """Give a process, or None where there is none, or none any more."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name before it, in brackets, may hold anything. From there: man 5 proc, (3) and on.
    fields = text.rpartition(")")[2].split()
    return Process(pid, fields[0], int(fields[1]), sum(map(int, fields[11:15])), int(fields[19]))
