"""Which segments have figures of their own.

Clients choose the names of segments, so their number is bounded: the 64 with the smallest hashes of
their names are kept, and the others summed. Whatever the order in which they come, and however
often sums are merged, the same ones are kept with the same sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from guards.evidence.sampling import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

__all__ = ["MAX_SEGMENTS", "OTHER_SEGMENTS", "SegmentSums"]

MAX_SEGMENTS = 64

OTHER_SEGMENTS = "\udfff"
"""The name under which the others are summed: half a surrogate pair, which no valid text holds."""


class _Sum(Protocol):
    def __add__(self, other: Self, /) -> Self: ...


K = TypeVar("K")
S = TypeVar("S", bound=_Sum)


class SegmentSums(Generic[K, S]):
    """Sums by a key that holds the name of a segment, or None where there is none."""

    def __init__(
        self,
        segment_of: Callable[[K], str | None],
        with_segment: Callable[[K, str], K],
        guarded: Collection[str] = (),
    ) -> None:
        """Start empty; the functions read the segment of a key, and replace it.

        ``guarded`` segments are kept before all others.
        """
        self.sums: dict[K, S] = {}
        self._segment_of = segment_of
        self._with_segment = with_segment
        self._guarded = frozenset(guarded)
        self._kept: dict[str, bytes] = {}

    @property
    def segments(self) -> frozenset[str]:
        """The segments that have sums of their own."""
        return self._guarded | frozenset(self._kept)

    def add(self, addends: Iterable[tuple[K, S]]) -> None:
        """Add to the sums."""
        for key, addend in addends:
            segment = self._segment_of(key)
            if segment is not None and not self._keeps(segment):
                self._add(self._with_segment(key, OTHER_SEGMENTS), addend)
            else:
                self._add(key, addend)

    def keep(self, segments: Iterable[str]) -> None:
        """Let these segments have sums of their own, where there is room, before any are added."""
        for segment in segments:
            self._keeps(segment)

    def _add(self, key: K, addend: S) -> None:
        self.sums[key] = self.sums[key] + addend if key in self.sums else addend

    def _keeps(self, segment: str) -> bool:
        """Return whether a segment has sums of its own, and make room for a new one that has."""
        if segment in self._kept or segment in self._guarded or segment == OTHER_SEGMENTS:
            return True
        hashed = digest(segment)
        if len(self._kept) >= MAX_SEGMENTS - len(self._guarded):
            if not self._kept:
                return False
            last = max(self._kept, key=self._kept.__getitem__)
            if self._kept[last] < hashed:
                return False
            self._drop(last)
        self._kept[segment] = hashed
        return True

    def _drop(self, segment: str) -> None:
        del self._kept[segment]
        for key in [key for key in self.sums if self._segment_of(key) == segment]:
            self._add(self._with_segment(key, OTHER_SEGMENTS), self.sums.pop(key))
