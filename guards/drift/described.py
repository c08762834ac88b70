"""The cells that log lines tell, in words: what a log says of the reference it was counted over.

It is less than the reference. Categories are named only as far as windows may name them, so that
most values of a column cannot be read from a log alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.calibration import check_counts
from guards.drift.cells import groups_of_counts
from guards.drift.feature_reference import NumericReference
from guards.drift.fields import required, sequence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

__all__ = ["MAX_NAMED", "DescribedFeature"]

MAX_NAMED = 20
"""The most frequent categories of a column are named, as many as a window names new ones."""


@dataclass(frozen=True, slots=True)
class DescribedFeature:
    """A feature of a reference: its cells, and how many held-out rows were in each of them.

    ``counts`` has the cells of values, then missing values and what lies outside. ``edges`` are
    those between numeric cells, and None for categories, of which ``categories`` names some by
    their cell. Raises ``ValueError`` if the fields contradict each other.
    """

    name: str
    counts: tuple[int, ...]
    edges: tuple[float, ...] | None
    categories: Mapping[int, str]

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for contradicting cells."""
        check_counts(self.counts)
        if self.edges is not None and len(self.edges) + 3 != len(self.counts):
            message = f"{len(self.edges)} edges make {len(self.edges) + 3} cells with the two last"
            raise ValueError(message)
        if self.edges is not None and any(a >= b for a, b in pairwise(self.edges)):
            message = "edges must be strictly increasing"
            raise ValueError(message)
        if not all(0 <= cell < len(self.counts) - 2 for cell in self.categories):
            message = "categories must be cells of values"
            raise ValueError(message)

    @classmethod
    def of(
        cls, name: str, reference: FeatureReference, max_named: int | None = MAX_NAMED
    ) -> DescribedFeature:
        """Describe a feature that is not private, under this name; None names all categories."""
        if isinstance(reference, NumericReference):
            return cls(name, reference.cell_counts, reference.edges, {})
        known = np.array(reference.counts, dtype=np.int64)
        frequent = np.argsort(-known, kind="stable")[:max_named]
        named = {cell: reference.categories[cell] for cell in sorted(frequent.tolist())}
        return cls(name, reference.cell_counts, None, named)

    @property
    def groups(self) -> NDArray[np.int64]:
        """The group of each cell, int64 [cells], as lines tell it with ``CELLS=grouped``."""
        return groups_of_counts(
            np.array(self.counts[:-2], dtype=np.int64), numeric=self.edges is not None
        )

    def group_names(self) -> tuple[str, ...]:
        """Return the words for each group, in their order; missing and outside last.

        >>> reference = NumericReference.of(np.arange(80.0), bins=4)
        >>> DescribedFeature.of("pages", reference).group_names()[:2]
        ('below 20', '20 to 40')
        """
        groups = self.groups
        last = int(groups[-1])
        name = self._numeric_name if self.edges is not None else self._category_name
        outside = "infinite" if self.edges is not None else "unknown"
        names = (name(np.flatnonzero(groups == group)) for group in range(last - 1))
        return (*names, "missing", outside)

    def to_json(self) -> JsonObject:
        """Return the feature as plain JSON."""
        data: JsonObject = {"name": self.name, "counts": list(self.counts)}
        if self.edges is not None:
            return {**data, "edges": list(self.edges)}
        return {**data, "categories": {str(cell): name for cell, name in self.categories.items()}}

    @classmethod
    def from_json(cls, data: object) -> DescribedFeature:
        """Read a feature back; raises ``ValueError`` if it is malformed."""
        numeric = isinstance(data, dict) and "edges" in data
        named = {} if numeric else required(data, "categories", dict)
        if not all(type(name) is str for name in named.values()):
            message = "categories must be texts"
            raise ValueError(message)
        return cls(
            name=required(data, "name", str),
            counts=sequence(data, "counts", int),
            edges=sequence(data, "edges", float) if numeric else None,
            categories={int(cell): name for cell, name in named.items()},
        )

    def _numeric_name(self, cells: NDArray[np.int64]) -> str:
        edges = self.edges or ()
        first, last = int(cells[0]), int(cells[-1])
        low = None if first == 0 else f"{edges[first - 1]:.6g}"
        high = None if last == len(edges) else f"{edges[last]:.6g}"
        if low is None:
            return "any number" if high is None else f"below {high}"
        return f"{low} or more" if high is None else f"{low} to {high}"

    def _category_name(self, cells: NDArray[np.int64]) -> str:
        if len(cells) > 1:
            return f"{len(cells)} rare categories"
        cell = int(cells[0])
        return self.categories.get(cell, f"category {cell + 1}")
