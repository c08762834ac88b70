"""Limits as the operating system enforces them on the process that asks for them."""

from __future__ import annotations

import contextlib
import math
import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guards.integrity.isolation.limits import Limits

__all__ = ["available", "enforce"]

_MAX_FILES = 256

_STATUS = Path("/proc/self/status")
"""Of Linux alone: other systems do not apply a limit of memory to what libraries allocate."""


def available() -> list[str]:
    """Return the names of what is limited on this platform, sorted.

    ``memory`` is where the system limits what libraries allocate, and says what is taken already.
    """
    names = ["file_size", "open_files", "processor_time", "wall_time"]
    return names if _data_bytes() is None else sorted([*names, "memory"])


def enforce(limits: Limits) -> None:
    """Limit what this process takes from now on, beyond the memory and time that it has used.

    Only soft limits are set, so that the next bundle can have others. A process that passes the
    processor time is ended by SIGXCPU; an allocation beyond the memory fails. No file can be longer
    than the limits say, and no core dump is written. The number of processes is not limited: the
    system counts all of the user's, threads included.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_soft(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + limits.cpu_s))
    _set_soft(resource.RLIMIT_FSIZE, limits.file_bytes)
    _set_soft(resource.RLIMIT_CORE, 0)
    _set_soft(resource.RLIMIT_NOFILE, _MAX_FILES)
    taken = _data_bytes()
    if taken is not None:
        _set_soft(resource.RLIMIT_DATA, taken + limits.memory_bytes)


def _set_soft(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    # Where the system refuses a limit, the others and the parent's deadline remain.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, hard))


def _data_bytes() -> int | None:
    """Return the bytes that the kernel counts against ``RLIMIT_DATA`` (proc_pid_status(5)).

    None where ``/proc`` is not there, as in a jail.
    """
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return None
