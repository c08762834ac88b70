"""The directory of a running service, for everything temporary that its libraries write."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from guards.errors import CallError

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["private_directory"]


@cache
def private_directory() -> Path:
    """Make a directory in ``TMPDIR`` that takes its place, here and in the processes to come.

    There is one for each process. Nobody else can read it. It is removed when this process ends, of
    a signal too. Raises ``CallError`` where none can be made.
    """
    try:
        directory = tempfile.mkdtemp(prefix="understudy-")
    except OSError as error:
        message = (
            f"no directory for temporary files can be made: {error.strerror}; "
            "set TMPDIR to a directory that can be written"
        )
        raise CallError(message) from None
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    signal.signal(signal.SIGTERM, _exit)
    os.environ["TMPDIR"] = tempfile.tempdir = directory
    return Path(directory)


def _exit(number: int, frame: FrameType | None) -> None:
    """Exit by way of ``SystemExit``: a signal's default would leave everything as it is."""
    del frame
    sys.exit(128 + number)
