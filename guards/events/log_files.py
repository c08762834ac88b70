"""Opens log files, compressed or not, and cuts them into lines."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from guards.errors import CallError, first_line
from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

__all__ = ["Block", "BrokenFile", "LogFile"]

_BLOCK_BYTES = 16 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024
_MAX_LINE_BYTES = 64 * 1024 * 1024
"""A longer line is read, and counted as torn, in several pieces, so that memory is bounded."""


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A compressed file that could be read up to some place only, and why."""

    path: Path
    reason: str


class Block:
    """Consecutive lines of a file, with their newlines; those that are too long are cut."""

    def __init__(self, data: bytes) -> None:
        """Cut these bytes into lines."""
        self._data = data
        # A line reaches from one edge to the next.
        self._edges = _edges(data)

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self._edges) - 1

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self._data)

    def __contains__(self, data: bytes) -> bool:
        """Return whether the lines hold these bytes."""
        return data in self._data

    def lines(self) -> Iterator[bytes]:
        """Yield the lines."""
        return map(self.line, range(len(self)))

    def line(self, number: int) -> bytes:
        """Return a line."""
        return self._data[self._edges[number] : self._edges[number + 1]]

    def texts(self) -> pa.StringArray:
        """Return the lines as Arrow's texts; one that is not valid UTF-8 is empty."""
        edges = pa.py_buffer(self._edges.astype(np.int32))
        lines = pa.BinaryArray.from_buffers(
            pa.binary(), len(self), [None, edges, pa.py_buffer(self._data)]
        )
        try:
            return lines.cast(pa.string())
        except pa.ArrowInvalid:
            return pa.array(map(_decoded, self.lines()), pa.string())


class LogFile:
    """A file of lines. One whose name ends in ``.gz`` or ``.zst`` is decompressed.

    ``broken`` is set where its compression breaks: what comes before is read, though of a ``.zst``
    file whose bytes were altered up to a megabyte before that place may lack.
    """

    def __init__(self, path: Path) -> None:
        """Read this file."""
        self.path = path
        self.broken: BrokenFile | None = None

    def blocks(self) -> Iterator[Block]:
        """Yield blocks of whole lines, of 16 MiB or one line; the last line may lack its newline.

        A line of more than 64 MiB is cut into several. Raises ``CallError`` where the file cannot
        be read.
        """
        rest: list[bytes] = []
        size = 0
        for piece in self._pieces():
            rest.append(piece)
            size += len(piece)
            if (size >= _BLOCK_BYTES and b"\n" in piece) or size >= _MAX_LINE_BYTES:
                data = b"".join(rest)
                end = data.rfind(b"\n") + 1 or len(data)
                yield Block(data[:end])
                rest, size = [data[end:]], len(data) - end
        if size:
            yield Block(b"".join(rest))

    def _pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the file, decompressed."""
        try:
            with self.path.open("rb") as file:
                yield from _decompressed(self.path.suffix, file)
        except (OSError, EOFError, zlib.error) as error:
            reason = f"{type(error).__name__}: {first_line(error)}"
            # Errors of the file system have a number, and those of the compression have none.
            if getattr(error, "errno", None) is None:
                self.broken = BrokenFile(self.path, reason)
                return
            name = printable(str(self.path))
            message = f"the log {name} cannot be read: {reason}; give a file that you may read"
            raise CallError(message) from error


def _decompressed(suffix: str, file: BinaryIO) -> Iterator[bytes]:
    if suffix == ".gz":
        # Other than ``read``, ``read1`` keeps what comes before a break.
        yield from iter(gzip.GzipFile(fileobj=file).read1, b"")
    elif suffix == ".zst":
        yield from _zstd(file)
    else:
        yield from iter(lambda: file.read(_PIECE_BYTES), b"")


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    stream, position = _zstd_stream(file), 0
    try:
        while piece := stream.read(_PIECE_BYTES):
            position += len(piece)
            yield piece
    except OSError as error:
        if error.errno is not None or not file.seekable():
            raise
        # A read that fails drops what comes before the break; single bytes drop nothing.
        file.seek(0)
        again = _zstd_stream(file)
        while position:
            position -= len(again.read(min(position, _PIECE_BYTES)))
        yield from iter(lambda: again.read(1), b"")


def _zstd_stream(file: BinaryIO) -> pa.NativeFile:
    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return ""


def _edges(data: bytes) -> NDArray[np.int64]:
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")) + 1
    edges = np.unique(np.concatenate(([0], ends, [len(data)])))
    long = np.flatnonzero(np.diff(edges) > _MAX_LINE_BYTES)
    cuts = [np.arange(edges[line], edges[line + 1], _MAX_LINE_BYTES) for line in long]
    return np.unique(np.concatenate((edges, *cuts)))
