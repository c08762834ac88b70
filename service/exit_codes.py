"""The exit codes of every process that people or supervisors start."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """How a process ended."""

    DONE = 0

    NO = 1
    """The command ran, and the answer is no."""

    FAILED = 1
    """The service could not be started."""

    WRONG_CALL = 2
    """An option, path, setting or port was wrong."""

    GUARD_REFUSED = 78
    """The guard refused a bundle (``EX_CONFIG`` of sysexits.h)."""

    INTERRUPTED = 130
    """Ctrl-C (128 and the number of SIGINT)."""
