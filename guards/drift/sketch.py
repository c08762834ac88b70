"""Accumulators for one window, and the merge of windows across replicas and days.

Each has ``update`` and ``get``; ``get`` returns plain JSON, and ``merge`` adds two of those, also
when they were read back from a log. Nothing is sampled and nothing rounds: any order and any
grouping of updates and merges gives the same numbers.

No accumulator is safe to share between threads without a lock: the owner holds one around
``update`` and ``get``.
"""

from __future__ import annotations

from array import array
from collections import Counter
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.drift.binning import tally
from guards.drift.reference import NumericReference
from guards.schema import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from guards.drift.reference import CategoricalReference, FeatureReference
    from guards.json_types import JsonObject

__all__ = ["CategoricalSketch", "MatrixSketch", "NumericSketch", "RowSketch", "Sketch", "merge"]

_BUFFERED_VALUES = 1024
"""Values folded at once: a fold costs some 60 µs, almost regardless of their number."""

_BUFFERED_ROWS = 256
"""Rows counted at once: a column of many values costs little more than one value."""

_MAX_NEW = 1_000
"""Distinct new categories counted in a window: a column of identifiers must not fill memory."""

_MAX_NEW_SHOWN = 20
"""New categories that a snapshot names."""

_MAX_NEW_CHARS = 128
"""A longer value is free text, not a category: it is counted and not kept."""


class NumericSketch:
    """Counts and sums over the reference's cells.

    >>> import numpy as np
    >>> reference = NumericReference.of(np.array([1.0, 2.0, 3.0, 4.0]), bins=2)
    >>> reference.edges
    (1.0, 2.0, 4.000000000000001)
    >>> sketch = NumericSketch(reference)
    >>> sketch.update([0.5, 1.5, 2.5, 9.0, float("nan")])
    >>> sketch.get()["counts"], sketch.get()["missing"]
    ([1, 1, 1, 1], 1)
    """

    def __init__(self, reference: NumericReference) -> None:
        """Start an empty window over the cells of ``reference``."""
        self._edges = np.array(reference.edges, dtype=np.float64)
        self._quantum = reference.quantum
        self._buffer = array("d")
        self._folded = tally(np.empty(0), self._edges, self._quantum)

    def update(self, values: Sequence[float]) -> None:
        """Count values; ``TypeError`` if one is not a number, and then none is counted."""
        self._buffer.fromlist(list(values))
        if len(self._buffer) >= _BUFFERED_VALUES:
            self._fold()

    def get(self) -> JsonObject:
        """Return ``counts`` per cell, ``missing``, ``infinite``, sums, ``minimum``, ``maximum``.

        The fields are those of :class:`~guards.drift.reference.NumericReference`.
        """
        self._fold()
        return deepcopy(self._folded)

    def _fold(self) -> None:
        batch = tally(np.array(self._buffer), self._edges, self._quantum)
        self._folded = merge(self._folded, batch)
        del self._buffer[:]


class CategoricalSketch:
    """Counts over the reference's dictionary, and of new categories.

    >>> from guards.drift.reference import CategoricalReference
    >>> sketch = CategoricalSketch(CategoricalReference.of([], ["NDCA", "SDNY"]))
    >>> sketch.update(["SDNY", "EDTX", "", "SDNY"])
    >>> sketch.get()
    {'counts': [0, 2], 'missing': 1, 'unknown': 1, 'new': {'EDTX': 1}, 'new_other': 0}
    """

    def __init__(self, reference: CategoricalReference) -> None:
        """Start an empty window over the dictionary of ``reference``."""
        self._known = dict.fromkeys((*reference.categories, MISSING), 0)
        self._unknown = 0
        self._new: Counter[str] = Counter()
        self._private = reference.private

    def update(self, values: Sequence[str]) -> None:
        """Count values in their canonical form, ``""`` for a missing one."""
        for value, count in Counter(values).items():
            if value in self._known:
                self._known[value] += count
            else:
                self._count_unknown(value, count)

    def _count_unknown(self, value: str, count: int) -> None:
        self._unknown += count
        if self._private or len(value) > _MAX_NEW_CHARS:
            return
        if value in self._new or len(self._new) < _MAX_NEW:
            self._new[value] += count

    def get(self) -> JsonObject:
        """Return ``counts`` in the dictionary's order, ``missing``, ``unknown``, and the new ones.

        ``new`` holds the 20 most frequent unknown categories, and none when the column is
        private; ``new_other`` is the number of other unknown values.
        """
        named = sorted(self._new.items(), key=lambda item: (-item[1], item[0]))[:_MAX_NEW_SHOWN]
        *counts, missing = self._known.values()
        return {
            "counts": counts,
            "missing": missing,
            "unknown": self._unknown,
            "new": dict(named),
            "new_other": self._unknown - sum(count for _, count in named),
        }


class MatrixSketch:
    """How often each pair of the champion's label and the challenger's occurred.

    >>> matrix = MatrixSketch()
    >>> matrix.update([("invoice", "invoice"), ("invoice", "letter"), ("invoice", "invoice")])
    >>> matrix.get()
    {'invoice': {'invoice': 2, 'letter': 1}}
    """

    def __init__(self) -> None:
        """Start an empty matrix."""
        self._pairs: Counter[tuple[str, str]] = Counter()

    def update(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Count pairs of the champion's label and the challenger's."""
        self._pairs.update(pairs)

    def get(self) -> JsonObject:
        """Return documents by champion label, then by challenger label; absent pairs are zero."""
        rows: JsonObject = {}
        for (champion, challenger), documents in self._pairs.items():
            rows.setdefault(champion, {})[challenger] = documents
        return rows


class Sketch:
    """One window over many features; not safe to share between threads without a lock."""

    def __init__(self, features: Mapping[str, FeatureReference]) -> None:
        """Start an empty window over the cells and dictionaries of ``features``."""
        self._features: dict[str, NumericSketch | CategoricalSketch] = {
            name: NumericSketch(reference)
            if isinstance(reference, NumericReference)
            else CategoricalSketch(reference)
            for name, reference in features.items()
        }

    def update(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Count a batch: values by feature name, not necessarily as many for each.

        Raises ``KeyError`` for a name that the sketch does not have, and then counts nothing.
        """
        features = [self._features[name] for name in columns]
        for feature, values in zip(features, columns.values(), strict=True):
            feature.update(values)

    def get(self) -> dict[str, JsonObject]:
        """Return the snapshot of every feature by name; the window goes on counting."""
        return {name: feature.get() for name, feature in self._features.items()}


class RowSketch:
    """A window over many features that counts row by row; not safe to share without a lock.

    >>> from guards.drift.reference import CategoricalReference
    >>> sketch = RowSketch(("court",), {"court": CategoricalReference.of([], ["NDCA"])})
    >>> sketch.update(("NDCA",))
    >>> sketch.get()["court"]["counts"]
    [1]
    """

    def __init__(self, names: Sequence[str], features: Mapping[str, FeatureReference]) -> None:
        """Start an empty window over ``features``; rows have those in ``names``, in that order.

        Raises ``KeyError`` for a name that is not a feature.
        """
        self._width = len([features[name] for name in names])
        self._names = names
        self._sketch = Sketch(features)
        self._buffer: list[tuple[float | str, ...]] = []

    def update(self, row: tuple[float | str, ...]) -> None:
        """Count one row: a value for each name, in the order of the names.

        Raises ``ValueError`` for a row of another width, and then does not count it.
        """
        if len(row) != self._width:
            message = f"a row has {self._width} values, this one {len(row)}"
            raise ValueError(message)
        self._buffer.append(row)
        if len(self._buffer) >= _BUFFERED_ROWS:
            self._count()

    def get(self) -> dict[str, JsonObject]:
        """Return the snapshot of every feature by name; the window goes on counting."""
        self._count()
        return self._sketch.get()

    def _count(self) -> None:
        columns = zip(*self._buffer, strict=True)
        self._sketch.update(dict(zip(self._names, columns, strict=False)))
        self._buffer.clear()


def merge(left: JsonObject, right: JsonObject) -> JsonObject:
    """Add two snapshots of one kind, exactly; the arguments are left as they are.

    Takes what any accumulator's ``get`` returns, nested to any depth. Whole numbers add, lists add
    item by item, objects key by key with an absent key for zero, and the range of numeric
    snapshots widens. Associative and commutative; an empty object is neutral. Raises
    ``ValueError`` for snapshots over different cells or of different kinds.
    """
    rules = _RANGE if _is_numeric(left, right) else {}
    merged = {}
    for key in sorted({*left, *right}):
        if key in left and key in right:
            merged[key] = rules.get(key, _add)(left[key], right[key])
        else:
            merged[key] = deepcopy(left[key] if key in left else right[key])
    return merged


def _is_numeric(left: JsonObject, right: JsonObject) -> bool:
    # Only a snapshot's own counts are a list: a label or a category may be called "minimum" too.
    snapshots = (left, right)
    kinds = {"minimum" in each for each in snapshots if isinstance(each.get("counts"), list)}
    if len(kinds) > 1:
        message = "a numeric and a categorical snapshot cannot be merged"
        raise ValueError(message)
    return kinds == {True}


def _add(left: object, right: object) -> object:
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    if isinstance(left, dict) and isinstance(right, dict):
        return merge(left, right)
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return list(map(_add, left, right))
    message = "these snapshots were not counted over the same cells"
    raise ValueError(message)


def _lower(left: float | None, right: float | None) -> float | None:
    return min((value for value in (left, right) if value is not None), default=None)


def _higher(left: float | None, right: float | None) -> float | None:
    return max((value for value in (left, right) if value is not None), default=None)


_RANGE: dict[str, Callable[..., object]] = {"minimum": _lower, "maximum": _higher}
