"""How many processors there are for this process, and what says so."""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from service.cgroups import SYSTEM, cpu_quota

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = ["Processors", "available_processors", "openmp_environment", "processors"]

_OPENMP = "OMP_NUM_THREADS"
_OPENMP_NUMBER = re.compile(r"\s*\+?0*([1-9][0-9]{0,8})\s*", re.ASCII)


class Processors(NamedTuple):
    """How many processors this process may use: ``cores``.

    ``limited_by`` is what makes them less than the machine has: ``affinity``, ``quota`` or
    ``OMP_NUM_THREADS``, the first of them where several say the same; None where nothing does.
    ``quota`` is the CPU quota in processors, None without one.
    """

    cores: int
    limited_by: str | None
    quota: float | None

    def to_json(self) -> JsonObject:
        """Return them as ``service.started`` carries them."""
        return {"cores": self.cores, "limited_by": self.limited_by, "quota": self.quota}


def processors(root: Path = SYSTEM) -> Processors:
    """Return the smallest of what the machine, affinity, quota and OpenMP's variable say.

    A quota of one and a half processors is two: one would never use the half, and two are stopped
    for a moment only while both are busy.
    """
    quota = cpu_quota(root)
    limits = {
        "affinity": _affinity(),
        "quota": None if quota is None else math.ceil(quota),
        _OPENMP: _openmp_threads(),
    }
    cores, limited_by = os.cpu_count() or 1, None
    for name, limit in limits.items():
        if limit is not None and limit < cores:
            cores, limited_by = limit, name
    return Processors(cores, limited_by, quota)


def available_processors() -> int:
    """Return the number of processors that this process may use."""
    return processors().cores


def openmp_environment() -> dict[str, str]:
    """Return the variable that keeps libraries within the quota, which they do not see themselves.

    They read it when they are imported.
    """
    found = processors()
    return {_OPENMP: str(found.cores)} if found.limited_by == "quota" else {}


def _affinity() -> int | None:
    # Not every platform can say on which processors a process may run.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def _openmp_threads() -> int | None:
    """Return the first of the numbers in OpenMP's variable, which are for nested loops."""
    match = _OPENMP_NUMBER.fullmatch(os.environ.get(_OPENMP, "").partition(",")[0])
    return int(match[1]) if match else None
