"""Counts of unusual inputs, by kind and by feature."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.schema import CanonicalRow

__all__ = ["EXTRA", "KINDS", "OTHERS", "InputCounts", "input_issues"]

EXTRA = "extra"
KINDS = ("unknown", "missing", "coerced", "out_of_range", EXTRA)
"""The kinds of issues that a feature can have."""

OTHERS = "…"
"""The name under which extra features without a count of their own are summed."""

_EXTRA_NAMED = 20
_EXTRA_REMEMBERED = 1_000
"""Clients choose the names of extra features, so that their number must be bounded."""


def input_issues(row: CanonicalRow) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Return each kind of issue of a row, with the features concerned."""
    # The fast path: most rows have no issue, and each row is asked for more than once.
    if not (row.unknown or row.missing or row.coerced or row.out_of_range or row.extra):
        return ()
    return [(kind, getattr(row, kind)) for kind in KINDS if getattr(row, kind)]


class InputCounts:
    """Counts documents by kind and feature; results add up with ``guards.drift.sketch.merge``.

    >>> from guards.schema import CanonicalRow
    >>> counts = InputCounts()
    >>> counts.update(CanonicalRow((), (), missing=("court", "pages"), extra=("colour",)))
    >>> counts.get()["missing"], counts.get()["extra"], counts.get()["unknown"]
    ({'court': 1, 'pages': 1}, {'colour': 1}, {})
    """

    def __init__(self) -> None:
        """Start empty."""
        self._counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}

    def update(self, row: CanonicalRow) -> None:
        """Count one document."""
        for kind, names in input_issues(row):
            counts = self._counts[kind]
            for name in names:
                counts[self._counted_as(name) if kind == EXTRA else name] += 1
        if row.more_extra:
            self._counts[EXTRA][OTHERS] += row.more_extra

    def get(self) -> dict[str, dict[str, int]]:
        """Return the number of documents by kind and feature; zeros are left out.

        Of extra features only the 20 most frequent are named. The documents of the others are
        summed under ``OTHERS``.
        """
        return {**{kind: dict(self._counts[kind]) for kind in KINDS}, EXTRA: self._extra()}

    def _counted_as(self, name: str) -> str:
        """Return the name under which an extra feature is counted."""
        known = self._counts[EXTRA]
        return name if name in known or len(known) < _EXTRA_REMEMBERED else OTHERS

    def _extra(self) -> dict[str, int]:
        counts = self._counts[EXTRA]
        names = sorted(counts, key=lambda name: (name == OTHERS, -counts[name], name))
        named = {name: counts[name] for name in names[:_EXTRA_NAMED]}
        others = sum(counts[name] for name in names[_EXTRA_NAMED:])
        return {**named, OTHERS: others} if others else named
