"""The cells of a file by column, as they are."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifacts.tables.lookalikes import look_of
from guards.errors import TableError
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = ["RawTable", "wanted_columns"]


@dataclass(frozen=True, slots=True)
class RawTable:
    """The cells of a table by column, before anything is made of them.

    ``names`` are those of all columns in order, and ``cells`` hold those that were asked for, as
    lists of ``rows`` values: what JSON holds, and whatever else a typed column has. A name that two
    columns have is not in ``cells``.
    """

    name: str
    names: tuple[str, ...]
    rows: int
    cells: Mapping[str, list[object]]
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> list[object]:
        """Return the cells of a column; raises ``TableError`` if there is none, or two."""
        if name in self.cells:
            return self.cells[name]
        if name in self.names:
            message = f"{self.name}: has two columns {name!r}; leave one of them"
        else:
            message = (
                f"{self.name}: no column {name!r}; it has {listed(self.names)}{self._hint(name)}"
            )
        raise TableError(message)

    def require(self, names: Iterable[str]) -> None:
        """Raise ``TableError`` without rows, or where a column is missing or has a namesake."""
        if self.rows == 0:
            message = f"{self.name}: has no rows"
            raise TableError(message)
        for name in names:
            self.column(name)

    def _hint(self, name: str) -> str:
        """Return which column may be meant, as the end of the error for one that is not there."""
        look = _bare(name)
        alike = [other for other in self.names if _bare(other) == look]
        if len(alike) == 1:
            return f"; did you mean {_told_apart(alike[0], name)}?"
        if len(self.names) == 1:
            return "; the cells of a CSV are separated by commas, semicolons, tabs or pipes"
        return ""


def _bare(name: str) -> str:
    """Return what a name looks like without the quotes that a space before them made a part."""
    return look_of(name.strip().strip('"'))


def _told_apart(name: str, other: str) -> str:
    """Return a name in quotes, with escapes where the two would look the same."""
    normal = unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other)
    return ascii(name) if normal else repr(name)


def wanted_columns(names: Sequence[str], wanted: Collection[str] | None) -> dict[str, int]:
    """Return the index of each column that is wanted (all without ``wanted``) and has one name."""
    counts = Counter(names)
    return {
        name: index
        for index, name in enumerate(names)
        if (wanted is None or name in wanted) and counts[name] == 1
    }
