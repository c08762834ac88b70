"""Time that passes when a test says so."""

from __future__ import annotations

import time

__all__ = ["Clock"]


class Clock:
    """Stands for the module ``time`` in a module under test; processor time is the real one."""

    thread_time = staticmethod(time.thread_time)

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    perf_counter = monotonic
