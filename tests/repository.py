"""The files of the repository, without what the working tree holds beside them."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

__all__ = ["ROOT", "repository_files", "syntax_trees"]

ROOT = Path(__file__).parents[1]


def repository_files(*patterns: str) -> list[Path]:
    """Return the files that git tracks or would add, or those of them that match a pattern.

    Patterns are git's: ``*`` matches slashes too. Ignored files are left out, since environments,
    caches and bundles may lie in the working tree. Outside a git checkout the test is skipped.
    """
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listing.split("\0") if name)
    return [path for path in paths if path.is_file()]


def syntax_trees(*patterns: str, containing: str) -> dict[str, ast.Module]:
    """Parse Python files that match a pattern and contain a regular expression, by their paths.

    Parsing all would take seconds.
    """
    return {
        str(path.relative_to(ROOT)): ast.parse(source)
        for path in repository_files(*patterns)
        if re.search(containing, source := path.read_text(encoding="utf-8"))
    }
