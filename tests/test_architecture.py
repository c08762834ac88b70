"""The page for newcomers leads to places that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
PATHS = sorted({*re.findall(r"`([\w.]+(?:/[\w.-]*)+|[\w-]+\.(?:md|toml))`", PAGE)})


def test_the_page_names_many_places() -> None:
    """The pattern that finds paths finds them."""
    assert len(PATHS) > 40


@pytest.mark.parametrize("path", PATHS)
def test_every_path_exists(path: str) -> None:
    """A path in the page is a file or directory of the repository."""
    target = REPOSITORY / path
    assert target.is_dir() if path.endswith("/") else target.is_file()


def test_a_dozen_questions_are_answered() -> None:
    """Where things are, and where new ones would go."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    where_is = [row for row in rows if row.startswith("| … ")]
    goes = PAGE.partition("## Where would")[2].splitlines()
    where_goes = [row for row in goes if row.startswith("| a")]
    assert min(len(where_is), len(where_goes)) >= 6
