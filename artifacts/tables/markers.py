"""Texts that look like a missing value, and what the markers that were declared are found in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from guards.schema import canonical_category, is_marker
from guards.text import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from artifacts.tables.roles import ColumnRoles

__all__ = ["declared_notes", "looks_missing", "marker_notes"]

_MARKERS = frozenset(
    (
        *("#n/a", "#n/a n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan", "<na>"),
        *("n/a", "n.a.", "na", "nan", "null", "(null)", "none", "nat", "nil", "\\n"),
        *("-", "--", "\u2013", "\u2014", "?", "."),
    )
)
"""What ``pandas.read_csv`` takes for missing, and what databases and people write, in lower case.

A backslash and an N is the null of MySQL, PostgreSQL and Hive.
"""

_MAX_CHARS = max(map(len, _MARKERS)) + 2
_MAX_NAMED = 3


def looks_missing(value: object) -> bool:
    """Return whether a cell is a text that often stands for a missing value, such as ``NA``."""
    return (
        isinstance(value, str) and len(value) <= _MAX_CHARS and value.strip().casefold() in _MARKERS
    )


def marker_notes(
    name: str, cells: Iterable[object], missing: Collection[str], reading: str
) -> Iterator[str]:
    """Yield a note on the cells of a column that look missing; ``reading`` says what they become.

    Those whose canonical category is ``missing`` are left out.
    """
    texts = Counter(str(cell).strip() for cell in cells if looks_missing(cell))
    found = [
        (text, count)
        for text, count in texts.most_common()
        if canonical_category(text) not in missing
    ]
    for text, count in found[:_MAX_NAMED]:
        rows = "1 row holds" if count == 1 else f"{count} rows hold"
        yield f"{name}: {rows} {text!r}, which looks like a missing value and {reading}"


def declared_notes(roles: ColumnRoles, cells: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """Yield a note for each declared marker that matches no cell, or that should be looked at.

    ``cells`` are those of the feature columns. A marker of one numeric column is no news; that of a
    category may be one (``NA`` is Namibia), and one that matches in several columns may be meant
    for one of them.
    """
    for marker in roles.missing:
        yield from _declared(marker, marker, roles, {name: cells[name] for name in roles.features})
    for name, marker in roles.own_missing:
        if name in roles.features:
            yield from _declared(f"{name}={marker}", marker, roles, {name: cells[name]})


def _declared(
    shown: str, marker: str, roles: ColumnRoles, cells: Mapping[str, Sequence[object]]
) -> Iterator[str]:
    counts = {
        name: sum(is_marker(cell, (marker,), numeric=name in roles.numeric) for cell in column)
        for name, column in cells.items()
    }
    found = {name: count for name, count in counts.items() if count}
    if len(found) > 1 or {*found} & {*roles.categorical}:
        columns = ", ".join(
            f"{counted(count, 'cell')} of {name!r}" for name, count in found.items()
        )
        yield f"--missing {shown}: stands for a missing value in {columns}"
    elif not found:
        public = [column for name, column in cells.items() if name not in roles.private]
        other = _other_spelling(marker, public)
        yield f"--missing {shown}: no cell of a feature column holds it{other}"


def _other_spelling(marker: str, columns: Iterable[Sequence[object]]) -> str:
    """Return which other case of a marker cells hold, as the end of a note."""
    for column in columns:
        for cell in column:
            if isinstance(cell, str) and cell.strip().casefold() == marker.casefold():
                return f"; did you mean {cell.strip()!r}?"
    return ""
