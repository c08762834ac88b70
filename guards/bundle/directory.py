"""A bundle's directory: what lies in it, and its plain files; nothing in it can make a reader wait.

Another process may change the directory at any time, so a file is judged by its open descriptor.
"""

from __future__ import annotations

import errno
import os
import stat
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from guards.errors import Finding, PartError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MAX_DEPTH", "MAX_ENTRIES", "Entry", "NotAPlainFile", "entries", "read_plain_file"]

MAX_DEPTH = 8
"""Directories in one another below a bundle's own."""

MAX_ENTRIES = 4096
"""Files and directories of a bundle, at all depths."""

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Neither follows a link nor waits for the other end of a FIFO."""

_KINDS = {errno.ELOOP: "link", errno.ENXIO: "special file"}
"""What stands in the place of a file, by the error that opening it gives."""


class Entry(NamedTuple):
    """An entry below a bundle's directory that is not itself a directory.

    ``name`` has ``/`` between folders, and ``kind`` is ``file``, ``link`` or ``special file``.
    """

    name: str
    kind: str
    size_bytes: int


class NotAPlainFile(Exception):
    """Something else stands in the place of a file; the argument is its kind."""


def entries(path: Path) -> Iterator[Entry]:
    """Yield what lies below ``path``; nothing is opened, and no link is followed.

    Raises ``PartError`` for more than ``MAX_DEPTH`` directories in one another and for more than
    ``MAX_ENTRIES`` entries, and ``OSError`` where a directory cannot be listed.
    """
    directories = [(os.fspath(path), "", 0)]
    count = 0
    while directories:
        directory, prefix, depth = directories.pop()
        # Listed at once, so that no listing stays open where the caller takes no more.
        with os.scandir(directory) as listing:
            found = list(islice(listing, MAX_ENTRIES + 1))
        for entry in found:
            count += 1
            _check(path, depth, count)
            if entry.is_dir(follow_symlinks=False):
                directories.append((entry.path, f"{prefix}{entry.name}/", depth + 1))
            else:
                status = entry.stat(follow_symlinks=False)
                yield Entry(prefix + entry.name, _kind(status.st_mode), status.st_size)


def read_plain_file(path: Path, max_bytes: int) -> tuple[int, bytes]:
    """Return the size of a file and its content, of a larger one its first ``max_bytes`` + 1 bytes.

    Raises ``NotAPlainFile``, and ``OSError`` where it cannot be read.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        if error.errno in _KINDS:
            raise NotAPlainFile(_KINDS[error.errno]) from None
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotAPlainFile(_kind(status.st_mode))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # One byte more than it has: a file that grows meanwhile is not what was sealed.
            return status.st_size, file.read(min(status.st_size, max_bytes) + 1)
    finally:
        os.close(descriptor)


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISDIR(mode):
        return "directory"
    return "file" if stat.S_ISREG(mode) else "special file"


def _check(path: Path, depth: int, count: int) -> None:
    problem = None
    if depth > MAX_DEPTH:
        problem = f"more than {MAX_DEPTH} directories in one another"
    elif count > MAX_ENTRIES:
        problem = f"more than {MAX_ENTRIES} files and directories"
    if problem is not None:
        raise PartError(
            Finding(
                code="bundle_too_costly",
                subject=str(path),
                expected=f"at most {MAX_ENTRIES} files, at most {MAX_DEPTH} directories deep",
                observed=problem,
                remedy="give the bundle's own directory, not one above it, and remove from it what "
                "was not sealed",
            )
        )
