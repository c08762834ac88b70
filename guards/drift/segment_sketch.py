"""Counts of the segments that clients name, over grouped cells."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.cells import grouped_cells
from guards.drift.taught import MAX_WATCHED_SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from guards.drift.feature_reference import FeatureReference
    from guards.drift.sketch import CellBatch
    from guards.json_types import JsonObject

__all__ = ["MAX_WATCHED_SEGMENTS", "SegmentSketch", "segment_rank"]


class SegmentSketch:
    """Counts and confidences of each segment, by group of cells.

    The segments with the smallest hashes of their names are kept, and the others summed, so that
    windows add up to the same whatever the order: a segment that is kept in the sum of windows was
    kept in each of them.
    """

    def __init__(self, features: Mapping[str, FeatureReference], hidden: Sequence[str]) -> None:
        """Start empty over ``features``, in the order of the batches; ``hidden`` are left out."""
        shown = [(at, name) for at, name in enumerate(features) if name not in hidden]
        self._names = [name for _, name in shown]
        self._rows = np.array([at for at, _ in shown], dtype=np.int64)
        self._groups = [grouped_cells(features[name]) for name in self._names]
        sizes = [int(groups.max()) + 1 for groups in self._groups]
        self._starts = np.append(np.zeros(1, dtype=np.int64), np.cumsum(sizes, dtype=np.int64))
        # The groups of all features in a row, and where those of each feature begin.
        self._group_of = np.concatenate(
            [groups + start for groups, start in zip(self._groups, self._starts, strict=False)]
            or [np.empty(0, dtype=np.int64)]
        )
        widths = [len(groups) for groups in self._groups]
        self._first = np.append(np.zeros(1, dtype=np.int64), np.cumsum(widths, dtype=np.int64))
        shape = (MAX_WATCHED_SEGMENTS + 1, int(self._starts[-1]))
        self._counts, self._confidence = (np.zeros(shape, dtype=np.int64) for _ in range(2))
        self._documents = np.zeros(shape[0], dtype=np.int64)
        self._slots: dict[str, int] = {}
        self._digests: dict[str, bytes] = {}

    def count(self, batch: CellBatch) -> None:
        """Count the rows that have a segment."""
        for name in {segment for segment in batch.segments if segment is not None}:
            self._admit(name)
        other = MAX_WATCHED_SEGMENTS
        slots = np.array(
            [-1 if s is None else self._slots.get(s, other) for s in batch.segments], dtype=np.int64
        )
        named = np.flatnonzero(slots >= 0)
        if not named.size:
            return
        slots = slots[named]
        self._documents += np.bincount(slots, minlength=other + 1)
        cells = batch.cells[self._rows][:, named] + self._first[:-1, None]
        flat = (self._group_of[cells] + slots * self._counts.shape[1]).ravel()
        size, shape = self._counts.size, self._counts.shape
        weights = np.tile(batch.confidence[named], len(self._names))
        self._counts += np.bincount(flat, minlength=size).reshape(shape)
        confidence = np.bincount(flat, weights=weights, minlength=size).reshape(shape)
        self._confidence += confidence.astype(np.int64)

    def get(self) -> JsonObject:
        """Return ``named`` segments and ``other``, each with its documents and features.

        ``counts`` and ``confidence`` of a feature are [groups], as ``grouped_cells`` numbers them.
        """
        other = self._snapshot(MAX_WATCHED_SEGMENTS)
        return {
            "named": {name: self._snapshot(slot) for name, slot in sorted(self._slots.items())},
            "other": other if other["documents"] else {},
        }

    def _admit(self, name: str) -> None:
        """Count a segment by itself, if need be in the place of one with a larger hash."""
        if name in self._slots:
            return
        hashed = segment_rank(name)
        slot = len(self._slots)
        if slot == MAX_WATCHED_SEGMENTS:
            last = max(self._slots, key=self._digests.__getitem__)
            if hashed > self._digests[last]:
                return
            slot = self._slots.pop(last)
            del self._digests[last]
            for sums in (self._counts, self._confidence, self._documents):
                sums[MAX_WATCHED_SEGMENTS] += sums[slot]
                sums[slot] = 0
        self._slots[name] = slot
        self._digests[name] = hashed

    def _snapshot(self, slot: int) -> JsonObject:
        def of(sums: NDArray[np.int64], at: int) -> list[int]:
            values: list[int] = sums[slot, self._starts[at] : self._starts[at + 1]].tolist()
            return values

        return {
            "documents": int(self._documents[slot]),
            "features": {
                name: {"counts": of(self._counts, at), "confidence": of(self._confidence, at)}
                for at, name in enumerate(self._names)
            },
        }


def segment_rank(name: str) -> bytes:
    """Return the hash of a segment's name; the segments with the smallest ones are kept."""
    return sha256(name.encode("utf-8", "surrogatepass")).digest()
