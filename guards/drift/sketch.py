"""Accumulators for one window, and the merge of windows across replicas and days.

Each has ``update`` and ``get``; ``get`` returns plain JSON, and ``merge`` adds two of those, also
when they were read back from a log. Nothing is sampled and nothing rounds: any order and any
grouping of updates and merges gives the same numbers.

No accumulator is safe to share between threads without a lock: the owner holds one around
``update`` and ``get``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from guards.drift.binning import cells_of_rows, value_sums
from guards.drift.cells import cells_of
from guards.drift.feature_reference import CONFIDENCE_QUANTA, NumericReference
from guards.drift.new_categories import NewCategories
from guards.drift.row_batch import RowBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from guards.drift.feature_reference import FeatureReference
    from guards.drift.row_batch import CountedRow
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["BatchCounter", "CellBatch", "MatrixSketch", "RowSketch", "documents_of", "merge"]

_BUFFERED_ROWS = 256
"""Rows counted at once: a column of many values costs little more than one value."""


class CellBatch(NamedTuple):
    """Rows whose cells are known.

    ``cells`` is int64 [features, rows]; ``confidence`` float64 [rows] holds whole parts of
    1 / ``CONFIDENCE_QUANTA``; ``segments`` has a name or None for each row.
    """

    cells: NDArray[np.int64]
    confidence: NDArray[np.float64]
    segments: Sequence[str | None]


class BatchCounter(Protocol):
    """Counts something else of the rows of a ``RowSketch``, over the same features."""

    def count(self, batch: CellBatch, /) -> None:
        """Count rows."""


class RowSketch:
    """A window over many features, which counts row by row.

    Of each feature it has the documents of every cell, and the sum of the confidences of their
    answers.

    >>> from guards.drift.reference import CategoricalReference
    >>> sketch = RowSketch(("court",), {"court": CategoricalReference.of([], ["NDCA", "SDNY"])})
    >>> rows = [sketch.update(("NDCA",), 0.75), sketch.update(("EDTX",), 0.5)]
    >>> [row.cells() for row in rows]
    [[0], [3]]
    >>> snapshot = sketch.get()["court"]
    >>> snapshot["counts"], snapshot["unknown"], snapshot["new"]
    ([1, 0], 1, {'EDTX': 1})
    >>> [total / 2**16 for total in snapshot["confidence"]]
    [0.75, 0.0, 0.0, 0.5]
    """

    def __init__(
        self,
        names: Sequence[str],
        features: Mapping[str, FeatureReference],
        counters: Sequence[BatchCounter] = (),
    ) -> None:
        """Start an empty window; rows have the features in ``names``, in that order.

        A name that is none of ``features`` is not counted. ``counters`` are handed the cells of
        those that are.
        """
        self._width = len(names)
        self._columns = [column for column, name in enumerate(names) if name in features]
        self._names = [names[column] for column in self._columns]
        self._counters = counters
        references = [features[name] for name in self._names]
        self._cells = list(map(cells_of, references))
        self._finders = list(zip(self._columns, self._cells, strict=True))
        ends = np.cumsum([cells.size for cells in self._cells], dtype=np.int64)
        self._starts = np.append(np.zeros(1, dtype=np.int64), ends)
        self._numeric = {
            at: each for at, each in enumerate(references) if isinstance(each, NumericReference)
        }
        self._edges = [np.array(each.edges) for each in self._numeric.values()]
        self._quanta = np.array([each.quantum for each in self._numeric.values()])
        self._sums: list[JsonObject] = value_sums(np.empty((len(self._quanta), 0)), self._quanta)
        self._new = {
            at: NewCategories(private=each.private)
            for at, each in enumerate(references)
            if not isinstance(each, NumericReference)
        }
        # The last cell of categories; of numbers none.
        last = [cells.size - 1 if at in self._new else -1 for at, cells in enumerate(self._cells)]
        self._unknown = np.array(last, dtype=np.int64)
        self._counts = np.zeros(self._starts[-1], dtype=np.int64)
        self._confidence = np.zeros(self._starts[-1], dtype=np.int64)
        self._batch = RowBatch(self._finders)

    def update(
        self, row: tuple[float | str, ...], confidence: float, segment: str | None = None
    ) -> CountedRow:
        """Count one row, a value for each name, in their order; return where its cells stay.

        ``confidence`` is that of the answer. Raises ``ValueError`` for a row of another width, and
        then does not count it.
        """
        if len(row) != self._width:
            message = f"a row has {self._width} values, this one {len(row)}"
            raise ValueError(message)
        counted = self._batch.add(row, confidence, segment)
        if len(self._batch.rows) >= _BUFFERED_ROWS:
            self._fold()
        return counted

    def get(self) -> dict[str, JsonObject]:
        """Return the snapshot of every feature by name; the window goes on counting.

        The fields are those of the feature's reference, of numbers without edges and quantum.
        ``confidence`` is [cells], missing and outside last, in parts of 1 / ``CONFIDENCE_QUANTA``.
        ``new`` holds the 20 most frequent unknown categories, and none where the column is
        private; ``new_other`` is the number of other unknown values.
        """
        self._fold()
        numeric = dict(zip(self._numeric, self._sums, strict=True))
        snapshots = {}
        for at, name in enumerate(self._names):
            cells = slice(self._starts[at], self._starts[at + 1])
            *counts, missing, outside = self._counts[cells].tolist()
            snapshots[name] = {
                "counts": counts,
                "missing": missing,
                "infinite" if at in numeric else "unknown": outside,
                **(numeric[at] if at in numeric else self._new[at].get(outside)),
                "confidence": self._confidence[cells].tolist(),
            }
        return snapshots

    def _fold(self) -> None:
        rows = self._batch.rows
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        confidence = np.rint(np.array(self._batch.confidences) * CONFIDENCE_QUANTA)
        found = np.empty((len(self._names), len(rows)), dtype=np.int64)
        numbers = np.array([columns[self._columns[at]] for at in self._numeric], dtype=np.float64)
        if self._numeric:
            found[list(self._numeric)] = cells_of_rows(numbers, self._edges)
        for at in self._new:
            found[at] = self._cells[at].indices(columns[self._columns[at]])
        batch = CellBatch(found, confidence, self._batch.segments)
        self._count(batch)
        for counter in self._counters:
            counter.count(batch)
        if numbers.size:
            sums = value_sums(numbers, self._quanta)
            self._sums = list(map(_add_sums, self._sums, sums))
        for at, index in np.argwhere(found == self._unknown[:, None]).tolist():
            self._new[at].update(str(rows[index][self._columns[at]]))
        self._batch.close(found)
        self._batch = RowBatch(self._finders)

    def _count(self, batch: CellBatch) -> None:
        cells = (batch.cells + self._starts[:-1, None]).ravel()
        size = len(self._counts)
        self._counts += np.bincount(cells, minlength=size)
        # Sums of so few whole numbers are exact in a double.
        weights = np.tile(batch.confidence, len(self._names))
        self._confidence += np.bincount(cells, weights=weights, minlength=size).astype(np.int64)


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


def documents_of(snapshot: JsonMapping) -> int:
    """Return the number of documents that a feature's snapshot counts; 0 for an empty object."""
    outside = ("missing", "infinite", "unknown")
    return int(sum(snapshot.get("counts", ())) + sum(snapshot.get(name, 0) for name in outside))


def merge(*snapshots: JsonMapping) -> JsonObject:
    """Add snapshots of one kind, exactly; they are left as they are.

    Takes what any accumulator's ``get`` returns, nested to any depth. Whole numbers add, lists add
    item by item, objects key by key with an absent key for zero, and the range of numeric
    snapshots widens. Associative and commutative; an empty object is neutral. Many at once take
    less time than one after the other. Raises ``ValueError`` for snapshots over different cells or
    of different kinds.
    """
    return _merge_by(_RANGE if _is_numeric(snapshots) else {}, snapshots)


def _add_sums(left: JsonObject, right: JsonObject) -> JsonObject:
    """Add what ``value_sums`` returns, as ``merge`` does, which takes longer."""
    return {key: _RANGE.get(key, sum)((left[key], right[key])) for key in left}


def _merge_by(
    rules: Mapping[str, Callable[[Sequence[Any]], object]], snapshots: Sequence[JsonMapping]
) -> JsonObject:
    by_key: defaultdict[str, list[Any]] = defaultdict(list)
    for each in snapshots:
        for key, value in each.items():
            by_key[key].append(value)
    return {
        key: rules.get(key, _sum)(values) if len(values) > 1 else _copied(values[0])
        for key, values in sorted(by_key.items())
    }


def _copied(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    """Copy plain JSON, in a fraction of the time of ``deepcopy``."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list) and not set(map(type, value)).isdisjoint((dict, list)):
        return [_copied(item) for item in value]
    return value.copy() if isinstance(value, list) else value


def _is_numeric(snapshots: Sequence[JsonMapping]) -> bool:
    # Only a snapshot's own counts are a list: a label or a category may be called "minimum" too.
    kinds = {"minimum" in each for each in snapshots if isinstance(each.get("counts"), list)}
    if len(kinds) > 1:
        message = "a numeric and a categorical snapshot cannot be merged"
        raise ValueError(message)
    return kinds == {True}


def _sum(values: Sequence[Any]) -> object:
    kinds = set(map(type, values))
    if kinds == {int}:
        return sum(values)
    if kinds == {dict}:
        return merge(*values)
    if kinds == {list} and len(set(map(len, values))) == 1:
        return _sum_items(values)
    message = "these snapshots were not counted over the same cells"
    raise ValueError(message)


def _sum_items(lists: Sequence[Sequence[Any]]) -> list[object]:
    try:
        totals: list[object] = list(map(sum, zip(*lists, strict=True)))
    except TypeError:
        totals = []
    # The sum of whole numbers is one: the types of them all need not be looked at.
    if set(map(type, totals)) == {int}:
        return totals
    return list(map(_sum, zip(*lists, strict=True)))


def _lowest(values: Sequence[float | None]) -> float | None:
    return min([value for value in values if value is not None], default=None)


def _highest(values: Sequence[float | None]) -> float | None:
    return max([value for value in values if value is not None], default=None)


_RANGE: dict[str, Callable[[Sequence[Any]], object]] = {"minimum": _lowest, "maximum": _highest}
