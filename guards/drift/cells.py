"""The cells of a feature: of a value, and of a value where it must not be told apart too finely.

A feature has its reference's bins or categories, then one cell for missing values and one for what
lies outside (infinities, or unknown categories). Counts over cells are kept in that order.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from guards.drift.binning import cell_indices
from guards.drift.feature_reference import NumericReference
from guards.schema import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from guards.drift.feature_reference import CategoricalReference, FeatureReference

__all__ = [
    "CategoryCodes",
    "Cells",
    "cells_of",
    "expected_unseen",
    "grouped_cells",
    "groups_of_counts",
    "hardly_filled",
]

_NUMERIC_GROUPS = 8

_MIN_ROWS = 20
"""A category with fewer reference rows shares its index with others like it."""

_FEW_ROWS = 5
_SMALL_SHARE = 1e-3


class Cells(Protocol):
    """Finds the cells of a feature's values."""

    size: int
    """The number of cells."""

    def index(self, value: Any, /) -> int:  # noqa: ANN401 (a number or a text, by the feature)
        """Return the cell of one value."""

    def indices(self, values: Any, /) -> NDArray[np.int64]:  # noqa: ANN401 (likewise)
        """Return the cell of each value, int64 [values]: of float64 [values], or of texts."""


class _NumericCells:
    def __init__(self, reference: NumericReference) -> None:
        self.size = len(reference.counts) + 2
        self._edges = reference.edges
        self._edge_array = np.array(reference.edges, dtype=np.float64)

    def index(self, value: float, /) -> int:
        if math.isfinite(value):
            return bisect_right(self._edges, value)
        return self.size - 2 if math.isnan(value) else self.size - 1

    def indices(self, values: NDArray[np.float64], /) -> NDArray[np.int64]:
        return cell_indices(values, self._edge_array)


class CategoryCodes(dict[str, int]):
    """The number of each category, and by default that of those that are unknown."""

    def __init__(self, reference: CategoricalReference, codes: Sequence[int]) -> None:
        """Assign ``codes`` to the categories, to missing values and to unknown categories."""
        *known, self._unknown = codes
        super().__init__(zip((*reference.categories, MISSING), known, strict=True))

    def __missing__(self, _category: str) -> int:
        return self._unknown


class _CategoryCells:
    def __init__(self, reference: CategoricalReference) -> None:
        self.size = len(reference.categories) + 2
        self._codes = CategoryCodes(reference, range(self.size))

    def index(self, value: str, /) -> int:
        return self._codes[value]

    def indices(self, values: Sequence[str], /) -> NDArray[np.int64]:
        return np.fromiter(map(self._codes.__getitem__, values), np.int64, len(values))


def cells_of(reference: FeatureReference) -> Cells:
    """Return what finds the cells of a feature."""
    if isinstance(reference, NumericReference):
        return _NumericCells(reference)
    return _CategoryCells(reference)


def grouped_cells(reference: FeatureReference) -> NDArray[np.int64]:
    """Return the group of each cell, int64 [cells], numbered from 0 without gaps.

    Numeric cells are joined to eight of about equally many reference rows, the outer ones to their
    neighbours. Categories with fewer than 20 reference rows share a group. Missing values and what
    lies outside have a group each.
    """
    counts = np.array(reference.counts, dtype=np.int64)
    return groups_of_counts(counts, numeric=isinstance(reference, NumericReference))


def groups_of_counts(counts: NDArray[np.int64], *, numeric: bool) -> NDArray[np.int64]:
    """Return what ``grouped_cells`` does, of the reference's rows in each cell of values.

    ``counts`` is int64 [cells - 2], without missing values and what lies outside.
    """
    if numeric:
        before = np.cumsum(counts) - counts / 2
        groups = (before * _NUMERIC_GROUPS / max(counts.sum(), 1)).astype(np.int64)
        groups = groups.clip(0, _NUMERIC_GROUPS - 1)
    else:
        rare = counts < _MIN_ROWS
        groups = np.where(rare, len(counts), np.arange(len(counts)))
    _, groups = np.unique(groups, return_inverse=True)
    known = int(groups.max(initial=-1)) + 1
    return np.append(groups, [known, known + 1]).astype(np.int64)


def hardly_filled(reference: FeatureReference) -> NDArray[np.bool_]:
    """Return for each cell whether the reference has hardly a row there, bool [cells].

    Hardly a row: fewer than five, and at most a thousandth of all.
    """
    counts = np.array(reference.cell_counts, dtype=np.int64)
    return np.asarray(counts <= _hardly_a_row(counts))


def expected_unseen(features: Iterable[FeatureReference]) -> float:
    """Return the share of documents that are in a hardly filled cell of a feature without drift.

    Cells with r rows are expected to hold (r + 1) N / n of later documents, where N cells have
    r + 1 of the n rows (Good 1953). The sum over features, at most 1, is an upper bound where a
    document is in several such cells.
    """
    share = 0.0
    for feature in features:
        counts = np.array(feature.cell_counts, dtype=np.int64)
        share += counts[counts <= _hardly_a_row(counts) + 1].sum() / max(counts.sum(), 1)
    return min(share, 1.0)


def _hardly_a_row(counts: NDArray[np.int64]) -> int:
    """Return the largest number of rows that a hardly filled cell has."""
    return min(_FEW_ROWS - 1, int(_SMALL_SHARE * counts.sum()))
