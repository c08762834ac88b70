"""Texts that look like a missing value, and are none unless they are declared."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from guards.schema import MISSING, canonical_category

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

__all__ = ["looks_missing", "marker_notes"]

_MARKERS = frozenset(
    (
        *("#n/a", "#n/a n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan", "<na>"),
        *("n/a", "na", "nan", "null", "none", "nat", "nil", "-", "--", "?", "."),
    )
)
"""What ``pandas.read_csv`` takes for missing, and a few that people write, in lower case."""

_MAX_CHARS = max(map(len, _MARKERS)) + 2
_MAX_NAMED = 3


def looks_missing(value: object) -> bool:
    """Return whether a cell is a text that often stands for a missing value, such as ``NA``."""
    return (
        isinstance(value, str) and len(value) <= _MAX_CHARS and value.strip().casefold() in _MARKERS
    )


def marker_notes(
    name: str, cells: Iterable[object], declared: Collection[str], reading: str
) -> Iterator[str]:
    """Yield a note on the cells of a column that look missing; ``reading`` says what they become.

    Those that are ``declared`` to be missing, or are so anyway, are left out.
    """
    texts = Counter(str(cell).strip() for cell in cells if looks_missing(cell))
    found = [
        (text, count)
        for text, count in texts.most_common()
        if canonical_category(text) not in {*declared, MISSING}
    ]
    for text, count in found[:_MAX_NAMED]:
        rows = "1 row holds" if count == 1 else f"{count} rows hold"
        yield f"{name}: {rows} {text!r}, which looks like a missing value and {reading}"
