"""What tests of tables share: writing a file, and the one line that refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.tables import read_raw
from guards.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["columns", "refusal"]


def columns(path: Path, data: bytes | str) -> dict[str, list[object]]:
    """Write a table, and return the cells that are read of it."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return dict(read_raw(path).cells)


def refusal(path: Path, data: bytes | str) -> str:
    """Write a table, and return the one line that refuses it."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(TableError) as error:
        read_raw(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")
