"""Accumulators for one window, and the merge of windows across replicas and days.

Each has ``update`` and ``get``; what ``get`` gives is plain JSON, and ``merge`` adds two of those,
also when they were read back from a log. Nothing is sampled and nothing rounds: any order and any
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

__all__ = ["CategoricalSketch", "MatrixSketch", "NumericSketch", "RowSketch", "Sketch", "merge"]

_WAITING_VALUES = 1024
"""Values folded at once: a fold costs some 60 µs, mostly whatever it holds, so .06 µs a value."""

_WAITING_ROWS = 256
"""Rows counted at once: a column of many values costs little more than one value."""

_NEW_REMEMBERED = 1_000
"""Distinct new categories told apart in a window: a column of identifiers must not fill memory."""

_NEW_SHOWN = 20
"""New categories that a snapshot names."""

_NEW_CHARS = 128
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
        self._waiting = array("d")
        self._folded = tally(np.empty(0), self._edges, self._quantum)

    def update(self, values: Sequence[float]) -> None:
        """Count values; ``TypeError`` for what is not a number, and then none is counted."""
        self._waiting.fromlist(list(values))
        if len(self._waiting) >= _WAITING_VALUES:
            self._fold()

    def get(self) -> dict[str, Any]:
        """Give ``counts`` per cell, ``missing``, ``infinite``, sums, ``minimum``, ``maximum``.

        The fields are those of :class:`~guards.drift.reference.NumericReference`.
        """
        self._fold()
        return deepcopy(self._folded)

    def _fold(self) -> None:
        batch = tally(np.array(self._waiting), self._edges, self._quantum)
        self._folded = merge(self._folded, batch)
        del self._waiting[:]


class CategoricalSketch:
    """Counts over the reference's dictionary, and the new categories beside it.

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
        if self._private or len(value) > _NEW_CHARS:
            return
        if value in self._new or len(self._new) < _NEW_REMEMBERED:
            self._new[value] += count

    def get(self) -> dict[str, Any]:
        """Give ``counts`` in the dictionary's order, ``missing``, ``unknown``, and the new ones.

        ``new`` names the 20 most frequent unknown categories, and none when the column is
        private; ``new_other`` is the number of unknown values that it does not name.
        """
        named = sorted(self._new.items(), key=lambda item: (-item[1], item[0]))[:_NEW_SHOWN]
        *counts, missing = self._known.values()
        return {
            "counts": counts,
            "missing": missing,
            "unknown": self._unknown,
            "new": dict(named),
            "new_other": self._unknown - sum(count for _, count in named),
        }


class MatrixSketch:
    """Which label the challenger gave where the champion gave another, or the same.

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

    def get(self) -> dict[str, Any]:
        """Give documents by champion label, then by challenger label; absent pairs are zero."""
        rows: dict[str, Any] = {}
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

    def get(self) -> dict[str, dict[str, Any]]:
        """Give the snapshot of every feature by name; the window goes on counting."""
        return {name: feature.get() for name, feature in self._features.items()}


class RowSketch:
    """A window over many features that is told a row at a time; cheap, and not safe to share.

    >>> from guards.drift.reference import CategoricalReference
    >>> sketch = RowSketch(("court",), {"court": CategoricalReference.of([], ["NDCA"])})
    >>> sketch.update(("NDCA",))
    >>> sketch.get()["court"]["counts"]
    [1]
    """

    def __init__(self, names: Sequence[str], features: Mapping[str, FeatureReference]) -> None:
        """Start an empty window over ``features``, of which rows have those that ``names`` names.

        Raises ``KeyError`` for a name that is none of the features.
        """
        self._width = len([features[name] for name in names])
        self._names = names
        self._sketch = Sketch(features)
        self._waiting: list[tuple[float | str, ...]] = []

    def update(self, row: tuple[float | str, ...]) -> None:
        """Count one row: a value for each name, in the order of the names.

        Raises ``ValueError`` for a row of another width, and then does not count it.
        """
        if len(row) != self._width:
            message = f"a row has {self._width} values, this one {len(row)}"
            raise ValueError(message)
        self._waiting.append(row)
        if len(self._waiting) >= _WAITING_ROWS:
            self._count()

    def get(self) -> dict[str, dict[str, Any]]:
        """Give the snapshot of every feature by name; the window goes on counting."""
        self._count()
        return self._sketch.get()

    def _count(self) -> None:
        columns = zip(*self._waiting, strict=True)
        self._sketch.update(dict(zip(self._names, columns, strict=False)))
        self._waiting.clear()


def merge(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """Add two snapshots of one kind, exactly; the arguments are left as they are.

    Takes what any accumulator's ``get`` gives, nested to any depth. Whole numbers add, lists add
    item by item, objects key by key with an absent key for zero, and the range of numeric
    snapshots widens. Associative and commutative; an empty object is neutral. Raises
    ``ValueError`` for snapshots over different cells or of different kinds.
    """
    rules = _RANGE if _numeric(left, right) else {}
    merged = {}
    for key in sorted({*left, *right}):
        if key in left and key in right:
            merged[key] = rules.get(key, _add)(left[key], right[key])
        else:
            merged[key] = deepcopy(left[key] if key in left else right[key])
    return merged


def _numeric(left: dict[str, Any], right: dict[str, Any]) -> bool:
    # Only a snapshot's own counts are a list: a label or a category may be called "minimum" too.
    kinds = {"minimum" in one for one in (left, right) if isinstance(one.get("counts"), list)}
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
        return [_add(one, other) for one, other in zip(left, right, strict=True)]
    message = "these snapshots were not counted over the same cells"
    raise ValueError(message)


def _lower(left: float | None, right: float | None) -> float | None:
    return min((one for one in (left, right) if one is not None), default=None)


def _higher(left: float | None, right: float | None) -> float | None:
    return max((one for one in (left, right) if one is not None), default=None)


_RANGE: dict[str, Callable[[Any, Any], Any]] = {"minimum": _lower, "maximum": _higher}
