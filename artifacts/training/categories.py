"""Choose the categories of a column that get an element of their own, and tell of the others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from guards.errors import TableError
from guards.schema import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from guards.schema import CanonicalRow, Schema

__all__ = ["MAX_CATEGORIES", "RARE", "category_notes", "known_categories", "notes_of_categories"]

RARE = 2
"""A category seen fewer times than this in training is treated as unknown."""

MAX_CATEGORIES = 1000
"""At most so many categories of a column are known: the network has a weight for each of them in
every element of its hidden layer."""

_NOTED_SHARE = 0.1
_REFUSED_SHARE = 0.9
_MIN_JUDGED = 100
"""A column with fewer values is never refused: so few say little about the others."""


def known_categories(values: Iterable[str]) -> tuple[str, ...]:
    """Return the categories that get an element of their own, sorted.

    Those are the ``MAX_CATEGORIES`` most frequent of the ones that were seen twice or more. All
    others are encoded as unknown, so that the network learns what an unknown category looks like.
    """
    counts = Counter(value for value in values if value != MISSING)
    repeated = [value for value, count in counts.items() if count >= RARE]
    repeated.sort(key=lambda value: (-counts[value], value))
    return tuple(sorted(repeated[:MAX_CATEGORIES]))


def category_notes(column: str, values: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    """Yield a note if many of the training rows hold a category that is not ``known``.

    Raises ``TableError`` where almost all hold a rare one: that is no category, but an identifier.
    """
    counts = Counter(value for value in values if value != MISSING)
    rows = counts.total()
    unknown = rows - sum(counts[category] for category in known)
    rare = sum(count for count in counts.values() if count <= RARE)
    if unknown <= rows * _NOTED_SHARE and len(known) < MAX_CATEGORIES:
        return
    found = (
        f"{column}: {len(counts)} categories in {rows} rows; the {len(known)} most frequent are "
        f"known, and {unknown} rows ({unknown / rows:.0%}) hold another, encoded as unknown"
    )
    if rows >= _MIN_JUDGED and rare > rows * _REFUSED_SHARE and unknown > rows * _REFUSED_SHARE:
        message = f"{found}: an identifier, it seems; leave the column out, or group its values"
        raise TableError(message)
    if unknown:
        yield found


def notes_of_categories(schema: Schema, rows: Sequence[CanonicalRow]) -> list[str]:
    """Return the notes on all categorical columns of the training rows.

    Raises ``TableError`` for a column of identifiers.
    """
    return [
        note
        for index, column in enumerate(schema.categorical)
        for note in category_notes(
            column.name, [row.categories[index] for row in rows], column.categories
        )
    ]
