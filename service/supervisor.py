"""The process that supervises the worker: how a worker asks it to stop, and with what exit code."""

from __future__ import annotations

import os
import signal
from pathlib import Path

__all__ = ["REFUSAL_MARKER", "stop_service"]

REFUSAL_MARKER = "_UNDERSTUDY_REFUSAL_MARKER"
"""Names a file that the worker makes when it refuses, since it cannot set the exit code."""


def stop_service(*, refused: bool) -> None:
    """Stop the supervisor, and leave it a mark when the guard refused."""
    marker = os.environ.get(REFUSAL_MARKER)
    if marker and refused:
        Path(marker).touch()
    os.kill(os.getppid(), signal.SIGTERM)
