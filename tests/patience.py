"""How long tests wait for what must happen, however busy the machine is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AGES_S", "PATIENCE_S", "UNHURRIED", "wait_until"]

PATIENCE_S = 240.0
"""Less than the limit of a test in ``pyproject.toml``, so that a hang is told where it is."""

AGES_S = 1_000_000.0
"""A time that nothing takes, neither in earnest nor by an estimate that a stall has spoilt."""

UNHURRIED = dict.fromkeys(("DEADLINE_S", "FLUSH_SECONDS", "SHADOW_TIMEOUT_S", "STOP_S"), AGES_S)
"""Settings of a service under which no stall decides what it does."""


def wait_until(done: Callable[[], bool], what: str, pause_s: float = 0.05) -> None:
    """Poll until ``done``; fails the test where that never happens."""
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s for {what}"
        time.sleep(pause_s)
