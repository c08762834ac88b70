"""The encoding of a text file, and where it is another one."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING

from guards.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["encoding_of", "refuse_encoding"]

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The encoding by byte order mark; the mark of UTF-32 begins with that of UTF-16."""


def encoding_of(path: Path) -> str:
    """Return the encoding that a file's byte order mark says, UTF-8 without one."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((name for mark, name in _MARKS.items() if start.startswith(mark)), "utf-8")


def refuse_encoding(path: Path, encoding: str, delimiter: str | None = None) -> TableError:
    """Return the error for a file that is not in ``encoding``: the row, the byte, what to do.

    Rows are lines, or with a ``delimiter`` those of a CSV below its header.
    """
    data = path.read_bytes()
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        place = f"row {_row(before, delimiter)}: byte 0x{data[error.start]:02x}"
    else:
        place = "it"
    likely = "windows-1252" if _decodes(data, "cp1252") else "latin1"
    return TableError(
        f"{path}: {place} is no {encoding.removesuffix('-sig').upper()}; save the table as UTF-8: "
        f"if it is in {likely}, iconv -f {likely} -t utf-8 {path.name} > utf-8-{path.name}"
    )


def _row(before: str, delimiter: str | None) -> int | str:
    """Return the number of the row that ``before`` ends in."""
    if delimiter is None:
        return sum(1 for line in before.splitlines()[:-1] if line.strip()) + 1
    rows = csv.reader(io.StringIO(f"{before}.", newline=""), delimiter=delimiter)
    return sum(1 for row in rows if row) - 1 or "1 (the header)"


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
