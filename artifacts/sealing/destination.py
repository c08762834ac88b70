"""Check where a bundle is to be sealed, before anything is read or fitted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from guards.errors import CallError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_destination", "check_name"]

_NO_NAMES = ("", "..")


def check_destination(destination: Path) -> None:
    """Raise ``CallError`` unless a bundle can be made at ``destination``."""
    if destination.exists():
        message = f"{destination}: exists already; give a new version, a bundle is never changed"
        raise CallError(message)
    above = next(parent for parent in destination.absolute().parents if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        message = f"{destination}: no directory can be made in {above}"
        raise CallError(message)


def check_name(destination: Path, name: str | None) -> None:
    """Raise ``CallError`` unless ``destination`` has a version, and it or ``name`` a name."""
    if destination.name in _NO_NAMES:
        message = f"--out {destination}: give the new directory of the bundle, as reviews/1"
        raise CallError(message)
    if name is None and destination.parent.name in _NO_NAMES:
        message = (
            f"--out {destination}: says the version and not the name; give both, as "
            f"reviews/{destination.name}, or add --name"
        )
        raise CallError(message)
