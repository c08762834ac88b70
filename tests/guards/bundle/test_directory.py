"""What lies in a directory that may be hostile: nothing makes a reader wait or run away."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guards.bundle import directory
from guards.bundle.directory import MAX_DEPTH, Entry, NotAPlainFile, entries, read_plain_file
from guards.errors import PartError

if TYPE_CHECKING:
    from collections.abc import Callable


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(path))


def _link(path: Path) -> None:
    path.symlink_to(__file__)


def _link_to_a_directory(path: Path) -> None:
    path.symlink_to(Path(__file__).parent)


def _dangling_link(path: Path) -> None:
    path.symlink_to("nothing")


def _device(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes devices")


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (_fifo, "special file"),
        (_socket, "special file"),
        (_device, "special file"),
        (_link, "link"),
        (_link_to_a_directory, "link"),
        (_dangling_link, "link"),
        (Path.mkdir, "directory"),
    ],
)
def test_what_is_no_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], kind: str
) -> None:
    """It is named at once: no reader waits for the other end, and no link is followed."""
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    make(tmp_path / "part")

    with pytest.raises(NotAPlainFile, match=kind):
        read_plain_file(tmp_path / "part", 10)
    if kind != "directory":
        assert [(entry.name, entry.kind) for entry in entries(tmp_path)] == [("part", kind)]


def test_a_large_file_is_read_in_part(tmp_path: Path) -> None:
    """The size is that of the file, and the content shows that there is more than asked for."""
    (tmp_path / "part").write_bytes(b"0123456789")

    assert read_plain_file(tmp_path / "part", 10) == (10, b"0123456789")
    assert read_plain_file(tmp_path / "part", 4) == (10, b"01234")


def test_nothing_stays_open(tmp_path: Path) -> None:
    """A process that reads bundles for weeks has as many files open as before."""
    (tmp_path / "part").touch()

    def next_descriptor() -> int:
        descriptor = os.open(tmp_path / "part", os.O_RDONLY)
        os.close(descriptor)
        return descriptor

    before = next_descriptor()
    read_plain_file(tmp_path / "part", 10)
    with pytest.raises(NotAPlainFile):
        read_plain_file(tmp_path, 10)

    assert next_descriptor() == before


@pytest.mark.skipif(sys.platform != "linux", reason="files of Linux")
def test_a_file_that_grows_is_not_read_to_its_end() -> None:
    """It is no larger than it was when it was opened: these say 0, and have something to say."""
    assert read_plain_file(Path("/proc/self/status"), 1_000_000) == (0, b"N")


def test_entries_of_all_folders(tmp_path: Path) -> None:
    """Names have slashes, and folders themselves are no entries."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"123")
    (tmp_path / "d").touch()

    assert sorted(entries(tmp_path)) == [Entry("a/b/c", "file", 3), Entry("d", "file", 0)]


def test_folders_in_one_another_are_not_followed_for_ever(tmp_path: Path) -> None:
    """So many folders are a bundle; one more, or a thousand more, are not."""
    deepest = tmp_path.joinpath(*["x"] * MAX_DEPTH)
    deepest.mkdir(parents=True)
    (deepest / "file").touch()
    assert len(list(entries(tmp_path))) == 1

    descriptor = os.open(deepest, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("x", dir_fd=descriptor)
        inner = os.open("x", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.mkdir("x", dir_fd=descriptor)
    os.close(descriptor)

    try:
        with pytest.raises(PartError, match="directories in one another"):
            list(entries(tmp_path))
    finally:
        # Python's own removal calls itself for each directory, and pytest's would fail here.
        subprocess.run(["rm", "-r", str(tmp_path / "x")], check=True)


def test_the_number_of_entries_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders count like files."""
    monkeypatch.setattr(directory, "MAX_ENTRIES", 3)
    for name in "abc":
        (tmp_path / name).mkdir()
    assert list(entries(tmp_path)) == []

    (tmp_path / "a" / "d").touch()
    with pytest.raises(PartError, match="bundle_too_costly"):
        list(entries(tmp_path))


def test_a_directory_without_an_end_is_listed_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system of somebody's own may have one."""
    (tmp_path / "file").touch()
    (entry,) = os.scandir(tmp_path)
    listed = itertools.count()
    endless = contextlib.nullcontext(itertools.islice((entry for _ in listed), 100_000))
    monkeypatch.setattr(os, "scandir", lambda _: endless)

    with pytest.raises(PartError, match="bundle_too_costly"):
        list(entries(tmp_path))
    assert next(listed) <= directory.MAX_ENTRIES + 1
