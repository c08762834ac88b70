"""Find the git commit of the running code, for the lineage of a bundle and for the logs."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["code_commit"]


def code_commit(directory: Path) -> str | None:
    """Return the git commit checked out in ``directory``; None if there is none."""
    git = shutil.which("git")
    if git is None:
        return None
    process = subprocess.run(  # noqa: S603 (a fixed command)
        [git, "-C", str(directory), "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return process.stdout.strip() if process.returncode == 0 else None
