"""How a worker stops the process that supervises it, and determines its exit code."""

from __future__ import annotations

import os
import signal
from pathlib import Path

__all__ = ["REFUSAL_MARKER", "stop_service"]

REFUSAL_MARKER = "_UNDERSTUDY_REFUSAL_MARKER"
"""Variable with the path of a file whose existence means exit 78: a worker cannot set the code."""


def stop_service(*, refused: bool) -> None:
    """Stop the supervisor; ``refused`` makes the marker file first."""
    marker = os.environ.get(REFUSAL_MARKER)
    if marker and refused:
        Path(marker).touch()
    os.kill(os.getppid(), signal.SIGTERM)
