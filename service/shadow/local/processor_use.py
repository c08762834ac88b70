"""The state of a challenger's process and the time it has used: whether it starves or hangs."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ProcessorUse", "processor_use"]

_READY_TO_RUN = "R"
_STATE, _USER_TICKS, _SYSTEM_TICKS = 0, 11, 12
"""Indices of fields in ``/proc/PID/stat`` after the command's name (proc_pid_stat(5))."""


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
