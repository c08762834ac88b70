"""The cells of a feature, with the reference's rows and the window's documents in each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf, nextafter
from typing import TYPE_CHECKING

from guards.drift.feature_reference import NumericReference
from guards.drift.fields import required, sequence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonMapping

__all__ = ["Cell", "counted_cells", "edge_names"]

_MIN_DIGITS = 4
_MAX_DIGITS = 17
_ROUNDER_CHARS = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows of the reference and documents of the window in one cell.

    ``outside`` are missing, infinite and unknown values.
    """

    name: str
    rows: int
    documents: int
    outside: bool = False


def counted_cells(
    reference: FeatureReference, snapshot: JsonMapping, *, private: bool = False
) -> tuple[Cell, ...]:
    """Return the cells in the reference's order, missing and outside last.

    Of a ``private`` feature they have numbers for names. Raises ``ValueError`` for a snapshot
    that was counted over other cells or is malformed.
    """
    counts = sequence(snapshot, "counts", int)
    if len(counts) != len(reference.counts):
        message = f"the window has {len(counts)} cells, and the reference {len(reference.counts)}"
        raise ValueError(message)
    names = _cell_names(reference, private=private)
    outside = ("missing", "infinite" if isinstance(reference, NumericReference) else "unknown")
    cells = tuple(
        Cell(name, rows, documents, outside=name in outside and at >= len(counts))
        for at, (name, rows, documents) in enumerate(
            zip(
                (*names, *outside),
                reference.cell_counts,
                (*counts, *(required(snapshot, name, int) for name in outside)),
                strict=True,
            )
        )
    )
    if any(cell.documents < 0 for cell in cells):
        message = "the window has a count below 0"
        raise ValueError(message)
    return cells


def edge_names(edges: Sequence[float]) -> list[str]:
    """Return what lies below each edge, in words, with as few digits as tell the edges apart.

    The edge after a value that has a cell of its own is the next float after it.

    >>> edge_names([0.5, nextafter(0.5, inf), 2.25])
    ['below 0.5', 'up to 0.5', 'below 2.25']
    """
    return [f"{'up to' if edge.closed else 'below'} {edge.text}" for edge in _read(edges)]


@dataclass(frozen=True, slots=True)
class _Edge:
    """The value of an edge; ``closed`` if the value itself lies below the edge."""

    text: str
    closed: bool


def _read(edges: Sequence[float]) -> list[_Edge]:
    known = {*edges}
    before = [nextafter(edge, -inf) for edge in edges]
    closed = [
        value in known or len(repr(value)) + _ROUNDER_CHARS <= len(repr(edge))
        for value, edge in zip(before, edges, strict=True)
    ]
    values = [
        value if ends else edge for value, edge, ends in zip(before, edges, closed, strict=True)
    ]
    for digits in range(_MIN_DIGITS, _MAX_DIGITS + 1):
        texts = [f"{value:.{digits}g}" for value in values]
        if len({*texts}) == len({*values}):
            break
    return list(map(_Edge, texts, closed)) if values else []


def _cell_names(reference: FeatureReference, *, private: bool) -> list[str]:
    if private:
        return [f"cell {number}" for number in range(1, len(reference.counts) + 1)]
    if not isinstance(reference, NumericReference):
        return list(reference.categories)
    edges = _read(reference.edges)
    if not edges:
        return ["any number"]
    first, last = edges[0], edges[-1]
    return [
        f"{'up to' if first.closed else 'below'} {first.text}",
        *(_between(low, high) for low, high in pairwise(edges)),
        f"{'above' if last.closed else 'from'} {last.text}",
    ]


def _between(low: _Edge, high: _Edge) -> str:
    if low.text == high.text:
        return low.text
    return f"{'(' if low.closed else '['}{low.text}, {high.text}{']' if high.closed else ')'}"
