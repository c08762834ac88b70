"""Cells of a CSV that may have been quoted otherwise than it was read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["OddQuotes"]

_LATE_QUOTE = re.compile(r'\s+".*"\s*', re.DOTALL)
_LINE_END = re.compile(r"[\r\n]")


@dataclass(slots=True)
class _Cells:
    """How many cells are to be noted, and where the first one is."""

    count: int = 0
    place: str = ""

    def add(self, name: str, before: int, found: Iterable[object]) -> None:
        """Add the cells of a column that are true, below ``before`` rows."""
        rows = [row for row, each in enumerate(found, before + 1) if each]
        if rows and not self.count:
            self.place = f"row {rows[0]} of {name!r}"
        self.count += len(rows)

    def __str__(self) -> str:
        return self.place if self.count == 1 else f"{self.place} and {self.count - 1} more"


@dataclass(slots=True)
class OddQuotes:
    """Counts the cells of the CSV ``name`` in which quotes may not be where they were meant."""

    name: str
    delimiter: str
    late: _Cells = field(default_factory=_Cells)
    joining: _Cells = field(default_factory=_Cells)

    def look_at(self, column: str, values: Sequence[str], joined: str, before: int) -> None:
        """Look at the values of a column below ``before`` rows; ``joined`` is for a quick look."""
        if '"' in joined:
            self.late.add(column, before, map(_LATE_QUOTE.fullmatch, values))
        if self.delimiter in joined and _LINE_END.search(joined):
            found = (self.delimiter in value and _LINE_END.search(value) for value in values)
            self.joining.add(column, before, found)

    def notes(self) -> Iterator[str]:
        """Yield a note for each kind that was found."""
        if self.late.count:
            yield (
                f"{self.name}: {self.late}: spaces stand before a quote, so that the quotes are "
                "part of the value; remove the spaces"
            )
        if self.joining.count:
            yield (
                f"{self.name}: {self.joining}: the delimiter and a line end stand in the cell, as "
                "in a text of several lines, or where a quote opens in one row and closes in "
                "another"
            )
