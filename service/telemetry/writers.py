"""Where lines end up: an open descriptor, or a file that may be rotated away at any time."""

import contextlib
import os
import select
import stat
from pathlib import Path
from typing import Protocol

__all__ = ["Descriptor", "LogFile", "Writer"]


class Writer(Protocol):
    """A place for whole lines."""

    def write(self, lines: bytes) -> int:
        """Write `lines`, and return how many of them arrived whole; never raises OSError."""

    def close(self) -> None:
        """Let go of what the writer opened."""


class Descriptor:
    """An open file descriptor, which stays the caller's to close.

    A line that was cut off (a full disk) is ended by a newline before the next one is written, so
    that the two do not glue; `torn` says that the descriptor already stands behind such a line.
    """

    def __init__(self, fd: int, *, torn: bool = False) -> None:
        self.fd = fd
        self._torn = torn

    def write(self, lines: bytes) -> int:
        """Write `lines`, waiting as long as the reader does not read; see `Writer.write`."""
        separator = b"\n" if self._torn else b""
        data = separator + lines
        arrived = data[: self._write_bytes(data)]
        if arrived:
            self._torn = not arrived.endswith(b"\n")
        return arrived[len(separator) :].count(b"\n")

    def close(self) -> None:
        """Do nothing: the descriptor is the caller's."""

    def _write_bytes(self, data: bytes) -> int:
        """Return how many bytes were written before the descriptor refused to take more."""
        written = 0
        with contextlib.suppress(OSError):
            while written < len(data):
                written += self._write_some(data[written:])
        return written

    def _write_some(self, data: bytes) -> int:
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            # Whoever shares the pipe may have made it non-blocking.
            poll = select.poll()
            poll.register(self.fd, select.POLLOUT)
            poll.poll()
            return 0


class LogFile:
    """The file at `path`, opened for append, and opened again when another file is there.

    Each write looks first whether the path still leads to the open file, so that rotation by
    renaming or deleting needs no signal. Missing parents are created once, here: a directory that
    disappears later may be a volume that will come back, and lines are lost until it does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: Descriptor | None = None
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, lines: bytes) -> int:
        """Write `lines` to the file that is at the path now; see `Writer.write`."""
        if self._open is not None and not self._is_at_path(self._open):
            self.close()
        try:
            self._open = self._open or self._opened()
        except OSError:
            return 0
        return self._open.write(lines)

    def close(self) -> None:
        """Close the file; another write would open it again."""
        if self._open is not None:
            with contextlib.suppress(OSError):
                os.close(self._open.fd)
            self._open = None

    def _is_at_path(self, descriptor: Descriptor) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(descriptor.fd))
        except OSError:
            return False

    def _opened(self) -> Descriptor:
        # Readable as well, to see whether an earlier run was cut off in a line.
        fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        return Descriptor(fd, torn=_ends_in_a_line(fd))


def _ends_in_a_line(fd: int) -> bool:
    """Whether the last byte of a regular file is not a newline."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        return False
    with contextlib.suppress(OSError):
        return os.pread(fd, 1, status.st_size - 1) != b"\n"
    return True
