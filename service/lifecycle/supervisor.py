"""How a worker stops the process that supervises it, and determines its exit code."""

from __future__ import annotations

import os
import signal
from pathlib import Path

__all__ = ["REFUSAL_MARKER", "SUPERVISOR", "stop_service"]

REFUSAL_MARKER = "_UNDERSTUDY_REFUSAL_MARKER"
"""Variable with the path of a file whose existence means exit 78: a worker cannot set the code."""

SUPERVISOR = "_UNDERSTUDY_SUPERVISOR"
"""Variable with the id of the process that supervises the worker."""


def stop_service(*, refused: bool) -> None:
    """Stop the supervisor; ``refused`` makes the marker file first.

    A worker whose supervisor is gone stops itself: its parent is another process then, such as
    the first one of the machine.
    """
    marker = os.environ.get(REFUSAL_MARKER)
    if marker and refused:
        Path(marker).touch()
    parent = os.getppid()
    supervised = os.environ.get(SUPERVISOR) == str(parent)
    os.kill(parent if supervised else os.getpid(), signal.SIGTERM)
