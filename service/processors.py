"""How many processors there are for this process."""

from __future__ import annotations

import os

__all__ = ["available_processors"]


def available_processors() -> int:
    """Return the number of processors that this process may use."""
    # Not every platform can say how many those are.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
