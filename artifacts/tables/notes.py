"""What somebody should look at in the cells of a table before anything is fitted."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING

from artifacts.tables.cells import text_of
from artifacts.tables.markers import marker_notes
from guards.schema import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifacts.tables.raw import RawTable
    from artifacts.tables.roles import ColumnRoles

__all__ = ["cell_notes"]

_EXPONENT = re.compile(r"\s*[+-]?\d+(\.\d*)?[eE]\+?\d{1,3}\s*", re.ASCII)
_MIN_INEXACT = 2.0**53
_EMPTY_SHARE = 0.5


def cell_notes(raw: RawTable, roles: ColumnRoles) -> Iterator[str]:
    """Yield the notes on texts, on categories, and on labels that are numbers."""
    for name in roles.text:
        cells = raw.column(name)
        yield from marker_notes(name, cells, (), "is read as a text")
        yield from _empty_notes(name, cells)
    for name in roles.categorical:
        option = f"--missing {shlex.quote(name)}=VALUE"
        reading = f"is read as a category; if it is none, make the bundle with {option}"
        missing = (*roles.markers_of(name), MISSING)
        yield from marker_notes(name, raw.column(name), missing, reading)
    for name in (*roles.categorical, *((roles.label,) if roles.label else ())):
        yield from _exponent_notes(name, raw.column(name), private=name in roles.private)


def _empty_notes(name: str, cells: Sequence[object]) -> Iterator[str]:
    """Yield a note where a text column is empty, or most of its cells are."""
    empty = sum(not (text_of(cell) or "").strip() for cell in cells)
    if empty == len(cells):
        yield f"{name}: every cell is empty, and there is no text to read"
    elif empty > len(cells) * _EMPTY_SHARE:
        yield f"{name}: {empty} of {len(cells)} cells are empty, and read as an empty text"


def _exponent_notes(name: str, cells: Sequence[object], *, private: bool) -> Iterator[str]:
    """Yield a note on texts that are numbers from 2^53 on with an exponent."""
    texts = Counter(cell for cell in cells if isinstance(cell, str))
    found = {text: count for text, count in texts.items() if _has_lost_digits(text)}
    if found:
        example = "" if private else f", such as {next(iter(found)).strip()!r}"
        count = sum(found.values())
        holds = "1 cell is a number" if count == 1 else f"{count} cells are numbers"
        yield (
            f"{name}: {holds} with an exponent{example}: digits were lost when it was written, and "
            "identifiers may be one that were several; write all digits (in a spreadsheet as a "
            "column of texts, with pandas as Int64 or texts)"
        )


def _has_lost_digits(text: str) -> bool:
    return bool(_EXPONENT.fullmatch(text)) and abs(float(text)) >= _MIN_INEXACT
