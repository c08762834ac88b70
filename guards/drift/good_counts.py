"""What good windows counted, minute by minute, and the reference that learns from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.cells import grouped_cells
from guards.drift.features import CHAMPION, live_name
from guards.drift.segment_sketch import MAX_WATCHED_SEGMENTS, segment_rank
from guards.drift.taught import Taught, TaughtCounts
from guards.drift.teaching import kind_of, taught_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from guards.drift.alarm.series import Kind
    from guards.drift.reference import Reference
    from guards.json_types import JsonMapping

    Ints = NDArray[np.int64]

__all__ = ["GoodCounts", "Lesson"]

_MAX_COUNT = 10**8
"""Of a cell in a window; a minute's counts are kept in 32 bits."""

_MIN_SEGMENT_DOCUMENTS = 1_000
"""A segment of fewer documents would show hardly any shift."""

_MAX_CELLS = 512
"""A column of ten thousand categories would take gigabytes, minute by minute."""

_EXCESS_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Lesson:
    """A reference that has learnt, and what could not be learnt, in words."""

    reference: Reference
    not_learnt: tuple[str, ...]


class _Minutes:
    """Counts of several features side by side, by minute; of those without too many cells."""

    def __init__(self, widths: Mapping[str, int]) -> None:
        self._widths = widths
        kept = {name: width for name, width in widths.items() if width <= _MAX_CELLS}
        ends = np.cumsum([0, *kept.values()]).tolist()
        self._slices = {name: slice(*each) for name, each in zip(kept, pairwise(ends), strict=True)}
        self._width: int = ends[-1]
        # A month has more than 40,000 minutes, and some services more than 1,000 cells.
        self._rows: dict[int, NDArray[np.uint32]] = {}

    def row(self, counted: Mapping[str, Sequence[int]]) -> NDArray[np.uint32]:
        """Return counts by feature as one row; ``KeyError`` or ``ValueError`` for others."""
        row = np.zeros(self._width, dtype=np.uint32)
        for name, counts in counted.items():
            width = self._widths[name]
            if len(counts) != width or not all(map(_is_count, counts)):
                message = f"{name} must have {width} counts"
                raise ValueError(message)
            if name in self._slices:
                row[self._slices[name]] = counts
        return row

    def add(self, minute: int, row: NDArray[np.uint32]) -> None:
        if minute in self._rows:
            self._rows[minute] += row
        else:
            self._rows[minute] = row

    def get(self, name: str) -> tuple[Ints, Ints]:
        """Return the minutes with documents of a feature, in order, and their counts."""
        of_feature = self._slices.get(name, slice(0))
        minutes = np.array(sorted(self._rows), dtype=np.int64)
        counts = np.array([self._rows[minute][of_feature] for minute in minutes.tolist()])
        counts = counts.reshape(len(minutes), -1).astype(np.int64)
        counted = counts.any(axis=1)
        return minutes[counted], counts[counted]


class GoodCounts:
    """Adds up the counts of good windows of one reference.

    Of the segments, the eight with the smallest hashes are kept: those that a service counts by
    themselves in every window.
    """

    def __init__(self, reference: Reference) -> None:
        """Start with nothing."""
        self._reference = reference
        features = reference.features
        # The names in windows; those of answers are others than in the reference.
        self._sealed = {live_name(name, CHAMPION): name for name in features}
        self._groups = {name: int(grouped_cells(each).max()) + 1 for name, each in features.items()}
        self._all = _Minutes({name: len(each.cell_counts) for name, each in features.items()})
        self._segments: dict[str, _Minutes] = {}

    def add(self, minute: int, counts: JsonMapping) -> None:
        """Add the ``counts`` of a window to a minute since the beginning of a week.

        Raises ``AttributeError``, ``KeyError``, ``TypeError`` or ``ValueError`` for counts that are
        not those of such a window, and then adds nothing.
        """
        counted = {
            self._sealed[name]: [
                *each["counts"],
                each["missing"],
                each["infinite" if "infinite" in each else "unknown"],
            ]
            for name, each in counts["features"].items()
        }
        row = self._all.row(counted)
        rows = []
        for segment, of_segment in counts["segments"]["named"].items():
            minutes = self._segments.get(segment) or _Minutes(self._groups)
            grouped = {
                self._sealed[name]: each["counts"] for name, each in of_segment["features"].items()
            }
            rows.append((segment, minutes, minutes.row(grouped)))
        self._all.add(minute, row)
        for segment, minutes, of_segment in rows:
            if self._admits(segment):
                self._segments.setdefault(segment, minutes).add(minute, of_segment)

    def _admits(self, segment: str) -> bool:
        """Return whether a segment is kept, and drop the one in whose place it is."""
        if segment in self._segments or len(self._segments) < MAX_WATCHED_SEGMENTS:
            return True
        last = max(self._segments, key=segment_rank)
        if segment_rank(segment) > segment_rank(last):
            return False
        del self._segments[last]
        return True

    def learn(
        self,
        start: datetime,
        end: datetime,
        documents: int,
        progress: Callable[[], object] = lambda: None,
    ) -> Lesson:
        """Return the reference with what these windows of so many ``documents`` have taught.

        They reach from ``start`` to ``end``. ``progress`` is called after each feature of all
        documents and of each segment. What was taught before is left out. Raises ``ValueError``
        where nothing at all can be learnt.
        """
        features, not_learnt = {}, []
        for name, feature in self._reference.features.items():
            taught = _counts(kind_of(feature), *self._all.get(name))
            if taught is None:
                reason = "less than two weeks of it were counted"
                if len(feature.cell_counts) > _MAX_CELLS:
                    reason = f"it has more than {_MAX_CELLS} cells"
                not_learnt.append(f"{name}: {reason}")
            features[name] = replace(feature, taught=taught)
            progress()
        if len(not_learnt) == len(features):
            message = "at least two good weeks are needed: each is compared with the others"
            raise ValueError(message)
        segments = {}
        for segment, minutes in sorted(self._segments.items()):
            of_segment = {}
            for name, feature in features.items():
                taught = _counts(kind_of(feature), *minutes.get(name), _MIN_SEGMENT_DOCUMENTS)
                if taught is not None:
                    of_segment[name] = taught
                progress()
            if of_segment:
                segments[segment] = of_segment
            else:
                not_learnt.append(
                    f"segment {segment}: less than two weeks of it were counted, or less than "
                    f"{_MIN_SEGMENT_DOCUMENTS:,} documents"
                )
        taught_by = Taught(start, end, documents, segments)
        reference = replace(self._reference, features=features, taught=taught_by)
        return Lesson(reference, tuple(not_learnt))

    @property
    def steps(self) -> int:
        """How often ``learn`` calls its ``progress``."""
        return len(self._groups) * (1 + len(self._segments))


def _counts(kind: Kind, minutes: Ints, counts: Ints, min_documents: int = 0) -> TaughtCounts | None:
    """Return what a series is taught; None where there is too little of it."""
    if counts.sum() < min_documents:
        return None
    try:
        reference = taught_reference(kind, minutes, counts)
    except ValueError:
        return None
    hours = () if reference.hours is None else map(tuple, reference.hours.tolist())
    excess = [] if reference.excess is None else reference.excess.tolist()
    return TaughtCounts(tuple(hours), tuple(float(f"{each:.{_EXCESS_DIGITS}g}") for each in excess))


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MAX_COUNT
