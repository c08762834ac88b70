"""Numeric cells from reference quantiles, and exact sums over them.

Counts and fixed-point sums are whole numbers, so that windows merge exactly and in any order; a
float sum would depend on the order of its terms.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonObject

__all__ = [
    "QUANTA_LIMIT",
    "cell_indices",
    "cells_of_rows",
    "quantile_edges",
    "quantum_of",
    "value_sums",
]

QUANTA_LIMIT = 2**62
"""The most quanta that one value adds to a sum.

Reference values stay below 2**53 quanta, so only a live value some 500 times beyond all of them is
held back. Without the limit one 1e300 would write whole numbers of 600 digits, which readers of
JSON that keep numbers as doubles refuse, and the whole line with them.
"""

_LARGEST = 2**63 - 1

_QUANTUM_BITS = 12
_SPREAD_BITS = 40


def quantile_edges(values: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """Place cell edges at quantiles of finite values; an atom gets a cell of its own.

    ``values`` is float64 [values], all finite; the answer is float64 [edges], strictly increasing,
    empty when there are no values. Every edge is an observed value (an order statistic, so that a
    continuous column's cells hold known shares) or the next float after one. An atom is a value
    that holds more than 1/``bins`` of the mass or several quantiles.
    """
    if not values.size:
        return np.empty(0)
    ordered = np.sort(values)
    ranks = -(-np.arange(bins + 1) * ordered.size // bins) - 1
    points, repeats = np.unique(ordered[np.maximum(ranks, 0)], return_counts=True)
    mass = np.searchsorted(ordered, points, "right") - np.searchsorted(ordered, points, "left")
    atoms = points[(repeats > 1) | (mass * bins > ordered.size)]
    # The largest double has only infinity after it, and no finite value lies there.
    with np.errstate(over="ignore"):
        closing = np.nextafter(np.append(atoms, points[-1]), np.inf)
    edges: NDArray[np.float64] = np.unique(np.concatenate([points[:-1], atoms, closing]))
    return edges[np.isfinite(edges)]


def quantum_of(values: NDArray[np.float64]) -> float:
    """Choose the step of the fixed-point sums: the power of two at about 2**-12 deviations.

    ``values`` is float64 [values], all finite. A constant column takes its magnitude for the
    deviation, and no values at all, or only zeros, take 1. The step is never so fine that a
    reference value would need more than the 53 bits of a double.
    """
    peak = float(np.abs(values).max(initial=0.0))
    scale = max(_spread(values, peak), math.ldexp(peak, -_SPREAD_BITS)) or 1.0
    exponent = math.frexp(scale)[1] - 1 - _QUANTUM_BITS
    return math.ldexp(1.0, max(exponent, sys.float_info.min_exp - 1))


def _spread(values: NDArray[np.float64], peak: float) -> float:
    if peak == 0.0 or values.min() == values.max():
        return peak
    # Squares of the values themselves overflow from 1e154 on.
    return float(np.std(values / peak)) * peak


def cell_indices(
    values: NDArray[np.float64], edges: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the cell of each value, int64 [values].

    ``values`` is float64 [values], of any kind. With E edges, cell 0 lies below the first edge,
    cell E from the last edge on, each other one from an edge up to the next; E + 1 is NaN, and
    E + 2 both infinities.
    """
    (cells,) = cells_of_rows(values[None, :], [np.asarray(edges)])
    return cells


def cells_of_rows(
    values: NDArray[np.float64], edges: Sequence[NDArray[np.float64]]
) -> list[NDArray[np.int64]]:
    """Return the cells of each row of float64 [features, values], whose edges are ``edges``.

    They are those of :func:`cell_indices`.
    """
    cells = [each.searchsorted(row, side="right") for each, row in zip(edges, values, strict=True)]
    finite = np.isfinite(values)
    if not finite.all():
        for at in np.flatnonzero(~finite.all(axis=1)).tolist():
            outside = ~finite[at]
            cells[at][outside] = len(edges[at]) + 1 + np.isinf(values[at][outside])
    return cells


def value_sums(values: NDArray[np.float64], quanta: NDArray[np.float64]) -> list[JsonObject]:
    """Sum each row of float64 [features, values] over its finite values, as plain JSON.

    ``total`` and ``total_squares`` are Σk and Σk², with k = round(value / quantum) held within
    ± ``QUANTA_LIMIT`` and ``quanta`` float64 [features]. ``minimum`` and ``maximum`` are None
    without a finite value.
    """
    finite = np.isfinite(values)
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.rint(values / quanta[:, None])
    steps = np.where(finite, steps.clip(-QUANTA_LIMIT, QUANTA_LIMIT), 0.0).astype(np.int64)
    largest = np.abs(steps).max(axis=1, initial=0).tolist()
    totals = steps.sum(axis=1).tolist()
    squares = np.einsum("ij,ij->i", steps, steps).tolist()
    # Adding zero turns -0.0 into 0.0: which of the two is smaller depends on the order.
    minima = np.where(finite, values, np.inf).min(axis=1, initial=np.inf) + 0.0
    maxima = np.where(finite, values, -np.inf).max(axis=1, initial=-np.inf) + 0.0
    sums: list[JsonObject] = []
    for index, (low, high) in enumerate(zip(minima.tolist(), maxima.tolist(), strict=True)):
        total, total_squares = totals[index], squares[index]
        if largest[index] ** 2 * steps.shape[1] > _LARGEST:
            whole = steps[index].tolist()
            total, total_squares = sum(whole), sum(k * k for k in whole)
        sums.append(
            {
                "total": total,
                "total_squares": total_squares,
                "minimum": low if low <= high else None,
                "maximum": high if low <= high else None,
            }
        )
    return sums
