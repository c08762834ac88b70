"""What was unusual about the columns of documents, counted by kind and by feature."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.schema import CanonicalRow

__all__ = ["EXTRA", "KINDS", "OTHERS", "InputCounts", "noticed"]

EXTRA = "extra"
KINDS = ("unknown", "missing", "coerced", "out_of_range", EXTRA)
"""What can be noticed about a feature; each is counted apart from the others."""

OTHERS = "…"
"""Stands for all the extra features that have no count of their own."""

_EXTRA_CHARS = 64
_EXTRA_NAMED = 20
_EXTRA_REMEMBERED = 1_000
"""Clients choose these names: neither their number nor their length may fill memory or log."""


def noticed(row: CanonicalRow) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Give each kind that was noticed, with the features concerned."""
    # Most rows have nothing, and every document comes by here more than once.
    if not (row.unknown or row.missing or row.coerced or row.out_of_range or row.extra):
        return ()
    return [(kind, getattr(row, kind)) for kind in KINDS if getattr(row, kind)]


class InputCounts:
    """Documents by kind and feature; what two of these give adds up with ``guards.drift.merge``.

    >>> from guards.schema import CanonicalRow
    >>> counts = InputCounts()
    >>> counts.update(CanonicalRow((), (), missing=("court", "pages"), extra=("colour",)))
    >>> counts.get()["missing"], counts.get()["extra"], counts.get()["unknown"]
    ({'court': 1, 'pages': 1}, {'colour': 1}, {})
    """

    def __init__(self) -> None:
        """Start from nothing."""
        self._counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}

    def update(self, row: CanonicalRow) -> None:
        """Count one document."""
        for kind, names in noticed(row):
            counts = self._counts[kind]
            for name in names:
                counts[self._short(name) if kind == EXTRA else name] += 1

    def get(self) -> dict[str, dict[str, int]]:
        """Give documents by kind and feature; absent features are zero.

        Of extra features the 20 most frequent are named, by at most 64 characters; the documents
        of the others are summed under ``OTHERS``.
        """
        return {**{kind: dict(self._counts[kind]) for kind in KINDS}, EXTRA: self._extra()}

    def _short(self, name: str) -> str:
        """Give the name that an extra feature is counted under."""
        known, short = self._counts[EXTRA], name[:_EXTRA_CHARS]
        return short if short in known or len(known) < _EXTRA_REMEMBERED else OTHERS

    def _extra(self) -> dict[str, int]:
        counts = self._counts[EXTRA]
        names = sorted(counts, key=lambda name: (name == OTHERS, -counts[name], name))
        named = {name: counts[name] for name in names[:_EXTRA_NAMED]}
        others = sum(counts[name] for name in names[_EXTRA_NAMED:])
        return {**named, OTHERS: others} if others else named
