"""Writers of lines: an open descriptor, or a file that may be rotated at any time."""

import contextlib
import errno
import logging
import os
import select
import stat
from pathlib import Path
from typing import Protocol

from guards.errors import CallError

__all__ = ["Descriptor", "LogFile", "Writer", "check_log_file"]

_logger = logging.getLogger("bentoml.understudy")

_MODE = 0o644
_PRIVATE_MODE = 0o600
_OTHERS = 0o077


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

    A `private` file holds documents: it belongs to the user of this process, who alone may read it
    (a file that others may read, such as a rotation makes, is closed to them), and a link at the
    path is not followed. Links among the directories above it are.
    """

    def __init__(self, path: Path, *, private: bool = False) -> None:
        self._path = path
        self._private = private
        self._open: Descriptor | None = None
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, lines: bytes) -> int:
        """Write `lines` to the file that is at the path now; see `Writer.write`."""
        if self._open is not None and not self._is_at_path(self._open):
            self.close()
        try:
            if self._open is None:
                fd = _open_log(self._path, private=self._private)
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
            at_path = self._path.stat(follow_symlinks=not self._private)
            return os.path.samestat(at_path, os.fstat(descriptor.fd))
        except OSError:
            return False


def check_log_file(path: Path, *, private: bool) -> None:
    """Make the log file and its directory as `LogFile` would; ``CallError`` where that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(_open_log(path, private=private))
    except OSError as error:
        message = f"the log file {path} cannot be written: {_reason(path, error, private=private)}"
        raise CallError(message) from None


def _reason(path: Path, error: OSError, *, private: bool) -> str:
    if error.errno == errno.ELOOP and private:
        return "it is a link, and CAPTURE writes documents to it; name the file itself"
    if error.errno == errno.EPERM and private:
        return "it is another user's, and CAPTURE writes documents to it; name a file of your own"
    if error.errno == errno.ENXIO and path.is_fifo():
        return "it is a named pipe that nothing reads; start its reader first"
    return error.strerror or str(error)


def _open_log(path: Path, *, private: bool) -> int:
    """Open a log file for appending; never waits, not for the reader of a named pipe either."""
    # Files are readable too, to see whether an earlier run left its last line unfinished. A pipe
    # that is open for reading would have a reader, who does not read.
    flags = os.O_WRONLY if path.is_fifo() else os.O_RDWR
    flags |= os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    if not private:
        return os.open(path, flags, _MODE)
    fd = os.open(path, flags | os.O_NOFOLLOW, _PRIVATE_MODE)
    try:
        _close_to_others(fd, path)
    except OSError:
        os.close(fd)
        raise
    return fd


def _close_to_others(fd: int, path: Path) -> None:
    """Take the rights of others to a file or pipe; ``PermissionError`` for another user's."""
    status = os.fstat(fd)
    if stat.S_ISCHR(status.st_mode):
        # A device keeps nothing, and its mode is not ours to change.
        return
    if status.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    if status.st_mode & _OTHERS:
        os.fchmod(fd, stat.S_IMODE(status.st_mode) & ~_OTHERS)
        _logger.warning(
            "the log file %s was open to others; it is its owner's alone now, since CAPTURE writes "
            "documents to it",
            path,
        )


def _ends_mid_line(fd: int) -> bool:
    """Whether the last byte of a regular file is not a newline."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        return False
    with contextlib.suppress(OSError):
        return os.pread(fd, 1, status.st_size - 1) != b"\n"
    return True
