"""The cells of one document, as its log line carries them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from operator import getitem, itemgetter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from guards.drift.cells import CategoryCodes, cells_of, grouped_cells
from guards.drift.described import MAX_NAMED, DescribedFeature
from guards.drift.feature_reference import NumericReference
from guards.drift.features import CHAMPION, answer_names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from numpy.typing import NDArray

    from guards.drift.feature_reference import FeatureReference

    Row = tuple[float | str, ...]

__all__ = ["CellDetail", "LineCells", "RowCells", "line_features"]

CellDetail = Literal["grouped", "full", "none"]
"""How finely a line tells the cells of its document: joined to groups, as they are, or not."""


def line_features(
    features: Mapping[str, FeatureReference], private: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the features whose cells a line carries, in their order: those that are not private.

    ``private`` names more private features than the references themselves say.
    """
    return tuple(
        name for name, each in features.items() if not each.private and name not in private
    )


class RowCells(Sequence[int | None]):
    """The cells of a row, found when they are first asked for: by the thread that writes lines."""

    __slots__ = ("_cells", "_find", "_row")

    def __init__(self, find: Callable[[Row], tuple[int | None, ...]], row: Row) -> None:
        """Have ``find`` return the cells of ``row``."""
        self._find = find
        self._row = row
        self._cells: tuple[int | None, ...] | None = None

    def __len__(self) -> int:
        """Return the number of features that a line tells of."""
        return len(self._found())

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 (a cell, or several for a slice)
        """Return the cell of the feature in this place."""
        return self._found()[index]

    def __iter__(self) -> Iterator[int | None]:
        """Return the cells in order."""
        return iter(self._found())

    def __eq__(self, other: object) -> bool:
        """Whether the cells are those of another sequence."""
        return self._found() == tuple(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # like that of a list

    def _found(self) -> tuple[int | None, ...]:
        if self._cells is None:
            self._cells = self._find(self._row)
        return self._cells


class LineCells:
    """Finds the cells of rows over ``names``, in the order of the reference's features.

    This runs for every document, so that it looks all numbers up in one call, and all categories.
    ``detail`` is how finely they are told, and ``described`` are the features that they are of.
    """

    def __init__(
        self,
        names: Sequence[str],
        features: Mapping[str, FeatureReference],
        detail: CellDetail,
        private: Collection[str] = (),
    ) -> None:
        """Prepare for the features of a reference, under the names that rows have them."""
        self.detail = detail
        told = () if detail == "none" else line_features(features, private)
        self.described = tuple(_described(name, features[name]) for name in told)
        numeric: list[str] = []
        categories: list[str] = []
        self._edges: list[list[float]] = []
        self._outside: list[list[int]] = []
        self._codes: list[CategoryCodes] = []
        for name in told:
            if name not in names:
                continue
            feature = features[name]
            groups = _groups(feature, detail)
            if isinstance(feature, NumericReference):
                numeric.append(name)
                self._edges.append(_edges(feature, groups))
                self._outside.append(groups[-2:].tolist())
            else:
                categories.append(name)
                self._codes.append(CategoryCodes(feature, groups.tolist()))
        columns = {name: column for column, name in enumerate(names)}
        self._numbers = _getter([columns[name] for name in numeric])
        self._values = _getter([columns[name] for name in categories])
        found = {name: index for index, name in enumerate([*numeric, *categories])}
        # What no row has stands behind all cells.
        self._in_order = _getter([found.get(name, len(found)) for name in told])

    def of(self, row: Row) -> RowCells | None:
        """Return the cell of each feature of ``line_features``, or its group; None for ``none``.

        That of a feature which rows do not have is None.
        """
        return None if self.detail == "none" else RowCells(self._find, row)

    def _find(self, row: Row) -> tuple[int | None, ...]:
        numbers = self._numbers(row)
        cells = list(map(bisect_right, self._edges, numbers))
        if not math.isfinite(sum(numbers)):
            for index, number in enumerate(numbers):
                if not math.isfinite(number):
                    cells[index] = self._outside[index][math.isinf(number)]
        return self._in_order((*cells, *map(getitem, self._codes, self._values(row)), None))


def _described(name: str, feature: FeatureReference) -> DescribedFeature:
    # Labels are the model's own, not values of a column.
    return DescribedFeature.of(name, feature, None if name in answer_names(CHAMPION) else MAX_NAMED)


def _groups(feature: FeatureReference, detail: CellDetail) -> NDArray[np.int64]:
    return np.arange(cells_of(feature).size) if detail == "full" else grouped_cells(feature)


def _edges(feature: NumericReference, groups: NDArray[np.int64]) -> list[float]:
    """Return the edges between groups: those between two cells of one group are left out."""
    found: list[float] = np.array(feature.edges)[np.diff(groups[:-2]) > 0].tolist()
    return found


def _getter(indices: Sequence[int]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what takes the items at these indices out of a tuple, as a tuple."""
    if len(indices) < 2:  # noqa: PLR2004 (of one item, itemgetter gives the item itself)
        return lambda items: tuple(items[index] for index in indices)
    return itemgetter(*indices)
