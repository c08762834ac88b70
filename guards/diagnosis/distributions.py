"""How the inputs that moved were distributed in both periods, as finely as the log tells.

Windows count every cell of a reference, the lines of documents only groups of them. Windows are
used where those within each period hold at least half of its documents.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.cell_space import WatchedInput
    from guards.diagnosis.moved_inputs import InputBlocks
    from guards.drift.described import DescribedFeature
    from guards.events.window_counts import WindowCounts

    Ints = NDArray[np.int64]

__all__ = ["Distribution", "DistributionCell", "distributions"]

_ENOUGH = 0.5
_MAX_NEW = 5


@dataclass(frozen=True, slots=True)
class DistributionCell:
    """A cell, and how many documents it had in each period.

    ``low`` and ``high`` are the bounds of numbers; one is None where only the other is known, both
    where it holds no numbers. A cell ``is_open`` that holds what lies beyond its bounds, too, and
    ``is_new`` where the reference has no such category.
    """

    name: str
    good: int
    bad: int
    low: float | None = None
    high: float | None = None
    is_open: bool = False
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Distribution:
    """An input in both periods: numbers in order, categories in that of their reference.

    ``from_windows`` says whether windows were counted; else it is the lines of documents.
    """

    name: str
    cells: tuple[DistributionCell, ...]
    from_windows: bool

    @property
    def documents(self) -> tuple[int, int]:
        """The documents that were counted, good and bad."""
        return sum(cell.good for cell in self.cells), sum(cell.bad for cell in self.cells)


@dataclass(slots=True)
class _Counted:
    """The documents of each cell of a feature in a period's windows, and of new categories."""

    cells: Ints
    new: Counter[str]


def distributions(
    inputs: Sequence[InputBlocks],
    windows: Iterable[Iterable[WindowCounts]],
    documents: tuple[int, int],
) -> tuple[Distribution, ...]:
    """Return the distribution of each input; ``windows`` and ``documents`` are good and bad."""
    told = [each.input for each in inputs if each.input.feature is not None]
    good, bad = (_summed(of_period, told) for of_period in windows)
    return tuple(
        _of_windows(each.input, good[each.input.name], bad[each.input.name])
        if _suffice(each.input.name, (good, bad), documents)
        else _of_lines(each)
        for each in inputs
    )


def _summed(windows: Iterable[WindowCounts], inputs: Sequence[WatchedInput]) -> dict[str, _Counted]:
    counted: dict[str, _Counted] = {}
    if not inputs:
        return counted
    for window in windows:
        for each in inputs:
            if each.feature is None or window.reference not in each.references:
                continue
            snapshot: Any = window.features.get(each.name)
            cells = _cells(snapshot, len(each.feature.counts))
            if cells is None:
                continue
            of_feature = counted.setdefault(each.name, _Counted(np.zeros_like(cells), Counter()))
            of_feature.cells += cells
            of_feature.new.update(snapshot.get("new", {}))
    return counted


def _cells(snapshot: Any, size: int) -> Ints | None:  # noqa: ANN401 (what a line says)
    """Return the documents of each cell, int64 [size]; None where they are not told as such."""
    try:
        outside = "infinite" if "infinite" in snapshot else "unknown"
        cells = np.array([*snapshot["counts"], snapshot["missing"], snapshot[outside]])
    except (KeyError, TypeError, ValueError):
        return None
    fits = cells.dtype.kind == "i" and cells.shape == (size,) and cells.min() >= 0
    return cells.astype(np.int64) if fits else None


def _suffice(
    name: str,
    counted: Iterable[dict[str, _Counted]],
    documents: Iterable[int],
) -> bool:
    return all(
        name in side and side[name].cells.sum() >= _ENOUGH * of_period
        for side, of_period in zip(counted, documents, strict=True)
    )


def _of_windows(watched: WatchedInput, good: _Counted, bad: _Counted) -> Distribution:
    feature = watched.feature
    if feature is None or feature.edges is None:
        cells = tuple(_categories(watched, good, bad))
    else:
        cells = tuple(_numbers(feature.edges, good.cells.tolist(), bad.cells.tolist()))
    return Distribution(watched.name, cells, from_windows=True)


def _numbers(
    edges: Sequence[float], good: Sequence[int], bad: Sequence[int]
) -> Iterator[DistributionCell]:
    bounds = [None, *edges, None]
    for (low, high), before, now in zip(pairwise(bounds), good, bad, strict=False):
        is_open = low is None or high is None
        yield DistributionCell(_interval(low, high), before, now, low, high, is_open=is_open)
    for name, before, now in zip(("missing", "infinite"), good[-2:], bad[-2:], strict=True):
        yield DistributionCell(name, before, now)


def _interval(low: float | None, high: float | None) -> str:
    if low is None:
        return "any number" if high is None else f"below {high:.6g}"
    if high is None:
        return f"{low:.6g} or more"
    return f"{low:.6g}" if high <= math.nextafter(low, math.inf) else f"{low:.6g} to {high:.6g}"


def _categories(watched: WatchedInput, good: _Counted, bad: _Counted) -> Iterator[DistributionCell]:
    named = watched.feature.categories if watched.feature is not None else {}
    *known, missing, unknown = zip(good.cells.tolist(), bad.cells.tolist(), strict=True)
    for cell, counts in enumerate(known):
        yield DistributionCell(named.get(cell, f"category {cell + 1}"), *counts)
    # Counters add up even those of windows that name other new categories.
    for name, _ in (good.new + bad.new).most_common(_MAX_NEW):
        yield DistributionCell(name, good.new[name], bad.new[name], is_new=True)
        unknown = unknown[0] - good.new[name], unknown[1] - bad.new[name]
    yield DistributionCell("missing", *missing)
    yield DistributionCell("other unknown" if good.new or bad.new else "unknown", *unknown)


def _of_lines(blocks: InputBlocks) -> Distribution:
    """Return what lines tell: groups of cells, whose outer ones are bounded by the reference."""
    good, bad = (side.total[0].astype(np.int64).tolist() for side in (blocks.good, blocks.bad))
    watched = blocks.input
    bounds: Iterable[tuple[float | None, float | None]] = [(None, None)] * len(watched.cells)
    if watched.feature is not None and watched.feature.edges:
        bounds = _bounds(watched.feature)
    last = len(watched.cells) - 3
    told = zip(watched.cells, good, bad, bounds, strict=True)
    cells = (
        DistributionCell(name, before, now, low, high, is_open=watched.numeric and at in {0, last})
        for at, (name, before, now, (low, high)) in enumerate(told)
    )
    return Distribution(watched.name, tuple(cells), from_windows=False)


def _bounds(feature: DescribedFeature) -> Iterator[tuple[float | None, float | None]]:
    """Yield the bounds of each group of cells, within those of the reference."""
    edges = feature.edges or ()
    groups = feature.groups[:-2]
    for group in range(int(groups[-1]) + 1):
        cells = np.flatnonzero(groups == group)
        low, high = max(int(cells[0]) - 1, 0), min(int(cells[-1]), len(edges) - 1)
        yield edges[low], edges[high]
    yield from ((None, None), (None, None))
