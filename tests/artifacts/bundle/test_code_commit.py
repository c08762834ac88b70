"""The commit that a bundle's lineage and the logs name."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from artifacts.bundle.code_commit import code_commit

if TYPE_CHECKING:
    from pathlib import Path


def test_code_commit(tmp_path: Path) -> None:
    """The commit is git's, and none where there is no repository with one."""
    assert code_commit(tmp_path) is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    assert code_commit(tmp_path) is None
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    head = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()

    assert code_commit(tmp_path) == head
