"""Writers of lines: an open descriptor, or a file that may be rotated at any time."""

import contextlib
import os
import select
import stat
from pathlib import Path
from typing import Protocol

__all__ = ["Descriptor", "LogFile", "Writer"]


class Writer(Protocol):
    """Writes whole lines."""

    def write(self, lines: bytes) -> int:
        """Write `lines`, and return how many of them were written whole; never raises OSError."""

    def close(self) -> None:
        """Close what the writer opened."""


class Descriptor:
    """An open file descriptor, which the caller closes.

    A line that was cut off (a full disk) is ended by a newline before the next one is written, so
    that the two stay apart; with `torn` the descriptor already stands behind such a line.
    """

    def __init__(self, fd: int, *, torn: bool = False) -> None:
        self.fd = fd
        self._torn = torn

    def write(self, lines: bytes) -> int:
        """Write `lines`, waiting while the reader does not read; see `Writer.write`."""
        separator = b"\n" if self._torn else b""
        data = separator + lines
        arrived = data[: self._write_bytes(data)]
        if arrived:
            self._torn = not arrived.endswith(b"\n")
        return arrived[len(separator) :].count(b"\n")

    def close(self) -> None:
        """Do nothing, since the caller closes the descriptor."""

    def _write_bytes(self, data: bytes) -> int:
        """Return the number of bytes that were written before an error."""
        written = 0
        with contextlib.suppress(OSError):
            while written < len(data):
                written += self._write_some(data[written:])
        return written

    def _write_some(self, data: bytes) -> int:
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            # Another process that shares the pipe may have made it non-blocking.
            poll = select.poll()
            poll.register(self.fd, select.POLLOUT)
            poll.poll()
            return 0


class LogFile:
    """The file at `path`, opened for appending, and opened again when another file is there.

    Each write first checks whether the open file is still at the path, so that rotation by renaming
    or deleting needs no signal. Missing parents are created once, at the start: a directory that
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
            if self._open is None:
                # Readable too, to see whether an earlier run left its last line unfinished.
                fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
                self._open = Descriptor(fd, torn=_ends_mid_line(fd))
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


def _ends_mid_line(fd: int) -> bool:
    """Whether the last byte of a regular file is not a newline."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        return False
    with contextlib.suppress(OSError):
        return os.pread(fd, 1, status.st_size - 1) != b"\n"
    return True
