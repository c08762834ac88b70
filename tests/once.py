"""What is made once for a whole run, whichever of its processes needs it first."""

from __future__ import annotations

import fcntl
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

__all__ = ["made_once", "shared_directory"]


def shared_directory(factory: pytest.TempPathFactory) -> Path:
    """Return the temporary directory of the run, which all its processes have in common."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(directory: Path, make: Callable[[], object]) -> None:
    """Let ``make`` fill ``directory``, unless another process of the run has; others wait."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    made = directory.with_name(f"{directory.name}.made")
    with directory.with_name(f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(directory, ignore_errors=True)  # what a failed attempt left
            make()
            made.touch()
