"""Log files that tests write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a log file of these pieces."""

    def write(*pieces: bytes, name: str = "log.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join(pieces))
        return path

    return write
