"""Files with text of documents: whole or not there, and their owner's alone."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from guards.errors import CallError
from guards.private_file import private_file, require_no_loss

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    """Whoever looks meanwhile finds nothing at its name, and afterwards all of it."""
    path = tmp_path / ("n" * 240 + ".csv")
    with private_file(path) as file:
        file.write(b"half")
        assert not path.exists()
        file.write(b" and whole")

    assert path.read_bytes() == b"half and whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*tmp_path.iterdir()] == [path]


def test_what_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    """Neither a file nor a part of it, and the name is free."""
    with pytest.raises(KeyboardInterrupt):
        _interrupted(tmp_path / "t.csv")

    assert [*tmp_path.iterdir()] == []


def _interrupted(path: Path) -> None:
    with private_file(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_no_directory_is_one_line(tmp_path: Path) -> None:
    """The error names the file that was asked for, and the reason."""
    path = tmp_path / "missing" / "t.csv"
    with (
        pytest.raises(CallError, match=r"t\.csv cannot be written: No such file"),
        private_file(path),
    ):
        pass


def test_only_an_empty_file_is_free(tmp_path: Path) -> None:
    """What holds something, a directory and a link stay as they are."""
    filled, empty, link = tmp_path / "filled", tmp_path / "empty", tmp_path / "link"
    filled.write_text("work")
    empty.touch()
    link.symlink_to(empty)
    require_no_loss(tmp_path / "nothing")
    require_no_loss(empty)
    require_no_loss(filled, holds_work=lambda _: False)
    for path in (filled, tmp_path, link):
        with pytest.raises(CallError, match="exists already: name another file, or remove it"):
            require_no_loss(path)
