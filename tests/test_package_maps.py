"""The docstring of a package is the map of what is in it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = sorted(
    str(path.parent.relative_to(ROOT))
    for name in ("artifacts", "guards", "service")
    for path in (ROOT / name).rglob("__init__.py")
)
ENTRY = re.compile(r"^- (``\w+``(?:,\s+``\w+``)*):\s+\S", re.MULTILINE)


def listed(package: Path) -> list[str]:
    """Return the names in the list of a package's docstring, whose items are ``- ``name``: …``."""
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    return [name for entry in ENTRY.findall(docstring) for name in re.findall(r"\w+", entry)]


def contained(package: Path) -> list[str]:
    """Return the names of a package's modules and subpackages."""
    modules = [path.stem for path in package.glob("*.py") if path.stem != "__init__"]
    return modules + [path.parent.name for path in package.glob("*/__init__.py")]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_map_is_complete(package: str) -> None:
    """Every module and subpackage is listed once, and nothing that is not there."""
    assert sorted(listed(ROOT / package)) == sorted(contained(ROOT / package))
