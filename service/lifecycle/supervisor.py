"""How a worker stops the process that supervises it, and determines its exit code."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.exit_codes import ExitCode

__all__ = ["EXIT_CODE", "SUPERVISOR", "exit_code", "stop_service"]

EXIT_CODE = "_UNDERSTUDY_EXIT_CODE"
"""Variable with the path of a file that a worker writes an exit code to, since it cannot set it."""

SUPERVISOR = "_UNDERSTUDY_SUPERVISOR"
"""Variable with the id of the process that supervises the worker."""


def stop_service(code: ExitCode) -> None:
    """Stop the supervisor, which then exits with ``code``.

    A worker whose supervisor is gone stops itself: its parent is another process then, such as
    the first one of the machine.
    """
    if file := os.environ.get(EXIT_CODE):
        Path(file).write_text(str(int(code)), encoding="ascii")
    parent = os.getppid()
    supervised = os.environ.get(SUPERVISOR) == str(parent)
    os.kill(parent if supervised else os.getpid(), signal.SIGTERM)


def exit_code() -> int:
    """Return the code that a worker has left to this process, 0 where none has."""
    with suppress(OSError, KeyError, ValueError):
        return int(Path(os.environ[EXIT_CODE]).read_text(encoding="ascii"))
    return 0
