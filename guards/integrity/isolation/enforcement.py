"""Limits as the operating system enforces them on the process that asks for them."""

from __future__ import annotations

import contextlib
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guards.integrity.isolation.limits import Limits

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = ["available", "enforce"]

_MAX_FILES = 256

_STATUS = Path("/proc/self/status")

_COUNTS_MEMORY = sys.platform == "linux"
"""Other systems take a limit of memory and do not apply it to what libraries allocate."""


def available() -> list[str]:
    """Return the names of what is limited on this platform; ``wall_time`` always is.

    ``memory`` is where the system limits what libraries allocate, and says what is taken already.
    """
    names = ["wall_time"]
    if resource is not None:
        names += ["processor_time", "file_size", "open_files"]
        if _COUNTS_MEMORY and _data_bytes() is not None:
            names.append("memory")
    return sorted(names)


def enforce(limits: Limits) -> None:
    """Limit what this process takes from now on, beyond the memory and time that it has used.

    Only soft limits are set, so that the next bundle can have others. A process that passes the
    processor time is ended by SIGXCPU; an allocation beyond the memory fails. No file can be longer
    than the limits say, and no core dump is written. The number of processes is not limited: the
    system counts all of the user's, threads included.
    """
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_soft(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + limits.cpu_s))
    _set_soft(resource.RLIMIT_FSIZE, limits.file_bytes)
    _set_soft(resource.RLIMIT_CORE, 0)
    _set_soft(resource.RLIMIT_NOFILE, _MAX_FILES)
    taken = _data_bytes() if _COUNTS_MEMORY else None
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
