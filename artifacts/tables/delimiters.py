"""Find what separates the cells of a CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["delimiter_of", "is_blank"]

_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class _Reading:
    """A sample as it is with one delimiter; it ``fits`` if all rows have as many cells as header.

    That is more than one cell.
    """

    delimiter: str
    header: list[str]
    fits: bool

    def has(self, wanted: Collection[str]) -> bool:
        """Return whether the header has several columns, and all that are wanted."""
        return len(self.header) > 1 and {*wanted} <= {*self.header}


def delimiter_of(sample: str, wanted: Collection[str], name: str, *, complete: bool) -> str:
    """Return the delimiter of a CSV that begins with ``sample``: comma, semicolon, tab or pipe.

    It is the one with which the sample has as many cells in every row as in its header, or else the
    one with which the header has the ``wanted`` columns, or else the comma. Raises ``TableError``
    where that leaves several. A sample that is not ``complete`` may end within a row.
    """
    readings = [_read(sample, delimiter, complete=complete) for delimiter in _DELIMITERS]
    fitting = [each for each in readings if each.fits]
    if len(fitting) == 1:
        return fitting[0].delimiter
    having = [each.delimiter for each in fitting or readings if each.has(wanted)]
    if len(having) == 1:
        return having[0]
    if len(fitting) > 1:
        found = " or ".join(repr(each.delimiter) for each in fitting)
        message = f"{name}: its cells may be separated by {found}; quote the cells that hold these"
        raise TableError(message)
    return ","


def is_blank(row: list[str]) -> bool:
    """Return whether a row of a CSV is a line with nothing but spaces."""
    return len(row) == 0 or (len(row) == 1 and not row[0].strip())


def _read(sample: str, delimiter: str, *, complete: bool) -> _Reading:
    rows: list[list[str]] = []
    broken = cut = False
    try:
        rows.extend(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        cut = not complete and "end of data" in str(error)
        broken = not cut
    if not (complete or cut):
        rows = rows[:-1] if len(rows) > 1 else rows
    header, *body = [row for row in rows if not is_blank(row)] or [[]]
    fits = not broken and len(header) > 1 and all(len(row) == len(header) for row in body)
    return _Reading(delimiter, header, fits)
