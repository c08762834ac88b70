"""Read the cells of a CSV as texts, which the schema of the bundle interprets as in a request."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from artifacts.tables.delimiters import delimiter_of, is_blank
from artifacts.tables.encodings import encoding_of, refuse_encoding
from artifacts.tables.quotes import OddQuotes
from artifacts.tables.raw import RawTable, wanted_columns
from guards.errors import TableError
from guards.text import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from typing import TextIO

__all__ = ["read_csv"]

_CHUNK_ROWS = 10_000
_SAMPLE_CHARS = 65_536
_MAX_CELL_CHARS = 2**31 - 1
_NAMES = {"\t": "a tab"}
_DECLARATION = re.compile(r'"?sep=([^\w"\s]|\t)"?\r?\n?', re.IGNORECASE)
_MAX_DECLARATION = 16


def read_csv(
    path: Path, wanted: Collection[str] | None, expected: Collection[str] = ()
) -> RawTable:
    """Read a CSV whose first row names the columns; blank lines are no rows.

    Cells are separated by commas, semicolons, tabs or pipes, as header and rows show, and quoted by
    ``"``, which is doubled inside; a line ``sep=;`` before the first row names the delimiter, as
    Excel takes it. The encoding is UTF-8, or what a byte order mark says. Raises ``TableError``
    with the row for what cannot be read without a guess.
    """
    # The limit is one of the whole process, and by default below what a request may hold.
    csv.field_size_limit(_MAX_CELL_CHARS)
    encoding, delimiter = encoding_of(path), None
    try:
        with path.open(encoding=encoding, newline="") as file:
            delimiter = _declared_delimiter(file)
            if delimiter is None:
                file.seek(0)
                delimiter = "\t" if path.suffix.lower() == ".tsv" else None
            if delimiter is None:
                sample = file.read(_SAMPLE_CHARS)
                delimiter = delimiter_of(
                    sample,
                    (*(wanted or ()), *expected),
                    str(path),
                    complete=len(sample) < _SAMPLE_CHARS,
                )
                file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            rows = _Rows(str(path), reader, OddQuotes(str(path), delimiter))
            return rows.read(wanted, _notes(path, delimiter))
    except UnicodeDecodeError:
        raise refuse_encoding(path, encoding, delimiter or ",") from None


def _declared_delimiter(file: TextIO) -> str | None:
    """Return the delimiter that the first line names, None where it is a line like any other."""
    declared = _DECLARATION.fullmatch(file.readline(_MAX_DECLARATION))
    return None if declared is None else declared[1]


def _notes(path: Path, delimiter: str) -> tuple[str, ...]:
    if delimiter == "," or path.suffix.lower() == ".tsv":
        return ()
    return (f"{path}: its cells are separated by {_NAMES.get(delimiter, repr(delimiter))}",)


@dataclass(slots=True)
class _Rows:
    """The rows of a CSV in chunks, with the number of those that were read before."""

    name: str
    reader: Iterator[list[str]]
    quotes: OddQuotes
    header: list[str] = field(default_factory=list)
    rows: int = 0

    def read(self, wanted: Collection[str] | None, notes: tuple[str, ...]) -> RawTable:
        """Read the header and all rows."""
        self.header = self._header()
        indices = wanted_columns(self.header, wanted)
        cells: dict[str, list[object]] = {name: [] for name in indices}
        for chunk in self._chunks():
            for name, index in indices.items():
                values = [row[index] for row in chunk]
                joined = "".join(values)
                self.quotes.look_at(name, values, joined, self.rows)
                if "\0" in joined:
                    row = next(i for i, value in enumerate(values, 1) if "\0" in value)
                    message = (
                        f"{self.name}: row {self.rows + row} of {name!r} holds a NUL character"
                    )
                    raise TableError(message)
                cells[name].extend(values)
            self.rows += len(chunk)
        notes = (*notes, *self.quotes.notes())
        return RawTable(self.name, tuple(self.header), self.rows, cells, notes)

    def _header(self) -> list[str]:
        try:
            header = next((row for row in self.reader if not is_blank(row)), None)
        except csv.Error as error:
            message = f"{self.name}: its header cannot be read: {_words(error)}"
            raise TableError(message) from None
        if header is None:
            message = f"{self.name}: is empty: the first row names the columns"
            raise TableError(message)
        if any("\0" in name for name in header):
            message = f"{self.name}: its header holds NUL characters; save UTF-16 as UTF-8 first"
            raise TableError(message)
        return header

    def _chunks(self) -> Iterator[list[list[str]]]:
        width = len(self.header)
        ended = False
        while not ended:
            chunk: list[list[str]] = []
            try:
                # What was read before an error stays in the list, and is counted.
                chunk.extend(islice(self.reader, _CHUNK_ROWS))
            except csv.Error as error:
                row = self.rows + sum(not is_blank(row) for row in chunk) + 1
                message = f"{self.name}: row {row} cannot be read: {_words(error)}"
                raise TableError(message) from None
            ended = len(chunk) < _CHUNK_ROWS
            if any(len(row) != width or is_blank(row) for row in chunk):
                chunk = [row for row in chunk if not is_blank(row)]
                self._check_width(chunk)
            yield chunk

    def _check_width(self, chunk: list[list[str]]) -> None:
        width = len(self.header)
        for number, row in enumerate(chunk, self.rows + 1):
            if len(row) != width:
                found = counted(len(row), "cell")
                message = f"{self.name}: row {number} has {found}, and the header {width}"
                if len(row) > width:
                    message += '; write a cell that holds the delimiter in quotes ("a, b")'
                raise TableError(message)


def _words(error: csv.Error) -> str:
    """Return what is wrong with a row; the library's words are about its own machine."""
    text = str(error)
    if "end of data" in text:
        return 'a quote (") opens and is never closed'
    if "expected after" in text:
        return 'text follows a closing quote; write a quote inside of a quoted cell twice ("")'
    return text
