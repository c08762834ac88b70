"""How the rows of two tables differ: a vocabulary's tokens, or a network's labels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["RowChanges", "row_changes"]


@dataclass(frozen=True, slots=True)
class RowChanges:
    """What happened to the rows, by their numbers.

    ``swapped`` are pairs of rows that exchanged what they hold; ``replaced`` hold something new in
    the place of something that is gone; ``moved`` hold something that stood elsewhere, or another
    of it. ``added`` and ``removed`` are rows of the observed and of the expected table whose item
    the other lacks, without the replaced ones.
    """

    swapped: tuple[tuple[int, int], ...]
    replaced: tuple[int, ...]
    moved: tuple[int, ...]
    added: tuple[int, ...]
    removed: tuple[int, ...]

    @property
    def in_place(self) -> tuple[int, ...]:
        """The rows that both tables have and that hold another item."""
        swapped = (row for pair in self.swapped for row in pair)
        return tuple(sorted((*swapped, *self.replaced, *self.moved)))


def row_changes(expected: Sequence[object], observed: Sequence[object]) -> RowChanges:
    """Compare two tables of anything that JSON can hold, row by row."""
    before, after = [_key(item) for item in expected], [_key(item) for item in observed]
    lost, gained = set(before) - set(after), set(after) - set(before)
    changed = [
        row for row, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]
    ]
    replaced = {row for row in changed if before[row] in lost and after[row] in gained}
    row_of = {key: row for row, key in enumerate(before)}
    swapped = [
        (row, other)
        for row in changed
        if row < (other := row_of.get(after[row], -1)) < len(after) and after[other] == before[row]
    ]
    named = {*replaced, *(row for pair in swapped for row in pair)}
    return RowChanges(
        tuple(swapped),
        tuple(sorted(replaced)),
        tuple(row for row in changed if row not in named),
        tuple(row for row, key in enumerate(after) if key in gained and row not in replaced),
        tuple(row for row, key in enumerate(before) if key in lost and row not in replaced),
    )


def _key(item: object) -> str | tuple[str]:
    return item if isinstance(item, str) else (json.dumps(item, sort_keys=True),)
