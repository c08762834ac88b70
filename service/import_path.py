"""Where modules are imported from: the installation, whatever directory a process starts in.

Our packages come from the directory that this file is in, and everything else from the standard
library and the installed libraries. Directories of ``PYTHONPATH`` come last, for classes that an
operator trusts by name; the current directory is not among them.

As a script, this file runs a module of ours like that, even from a Bento's source, which is not
installed: ``python -P service/import_path.py MODULE ARGUMENT…``.
"""

from __future__ import annotations

import os
import runpy
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["OPERATORS_PATH", "isolate_imports", "operators_directories"]

OPERATORS_PATH = "_UNDERSTUDY_PYTHONPATH"
"""Variable that brings ``PYTHONPATH`` to a child, whose interpreter would put it first."""

_ROOT = str(Path(__file__).parents[1])
_OURS = frozenset({"artifacts", "guards", "service"})


class _OurPackages:
    """A finder of our packages, which takes nothing else from their directory."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: object = None
    ) -> ModuleSpec | None:
        """Return where one of our packages is, and None for every other module."""
        del path, target
        return PathFinder.find_spec(name, [_ROOT]) if name in _OURS else None


def isolate_imports() -> None:
    """Search our own packages first, then the installation, and what an operator added last.

    The directory of the script, the current one, and relative entries of ``PYTHONPATH`` are taken
    out of ``sys.path``.
    """
    operators = operators_directories()
    # The interpreter has written every entry like that, without ``..``.
    added = {_unsafe_entry(), "", *operators, *map(os.path.abspath, _python_path())}
    sys.path[:] = [entry for entry in sys.path if entry not in added] + operators
    if _OurPackages not in sys.meta_path:
        sys.meta_path.insert(0, _OurPackages)


def operators_directories() -> list[str]:
    """Return the absolute directories of ``PYTHONPATH``, here or in the process that began this."""
    written = _python_path() or os.environ.get(OPERATORS_PATH, "").split(os.pathsep)
    return [entry for entry in written if Path(entry).is_absolute()]


def _python_path() -> list[str]:
    written = os.environ.get("PYTHONPATH")
    return written.split(os.pathsep) if written else []


def _unsafe_entry() -> str:
    """Return the first entry where it is the current directory's or the script's, else nothing."""
    first, script = sys.path[0], _resolved(sys.argv[0])
    unsafe = {_resolved("."), None if script is None else script.parent}
    return first if _resolved(first) in unsafe else ""


def _resolved(path: str) -> Path | None:
    """Return an absolute path without links; None for a relative one in a deleted directory."""
    try:
        return Path(path).resolve()
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    isolate_imports()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
