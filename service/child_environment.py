"""The environment of a process that this one starts from its own code."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["child_environment"]


def child_environment() -> dict[str, str]:
    """Return this process's environment, with our packages' directory first in ``PYTHONPATH``.

    A Bento's source directory is not on the path of the processes that its code starts.
    """
    directory = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, [directory, os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}
