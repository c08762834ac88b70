"""Documents in cells of the inputs that are filled far above their share of the reference.

A unit that changes within the range of the reference moves documents into cells that it filled, but
many more of them than ever. How they are answered is not known from the few that were there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.drift.cells import hardly_filled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from guards.drift.feature_reference import FeatureReference

    Floats = NDArray[np.float64]

__all__ = ["CROWDED", "cell_shares", "crowded_documents"]

CROWDED = 5.0
"""A cell is crowded beyond so many times its share: no cell is where the mix of classes changes and
none becomes as many times more frequent."""

_FEW = 5
"""So many documents more crowd no cell, for by chance they are in some of many small ones."""


def cell_shares(features: Iterable[FeatureReference]) -> Floats:
    """Return the share of reference rows in each cell, float64 [cells] of all features in a row.

    That of a cell which the reference hardly filled is infinite: its documents are unseen, and are
    not counted again as those of a crowded one.
    """
    shares = [np.empty(0)]
    for feature in features:
        counts = np.array(feature.cell_counts, dtype=np.float64)
        shares.append(np.where(hardly_filled(feature), np.inf, counts / max(counts.sum(), 1)))
    return np.concatenate(shares)


def crowded_documents(cells: ArrayLike, documents: ArrayLike, shares: Floats) -> Floats:
    """Return how many documents crowded cells have beyond their shares, float64 [rows].

    ``cells`` is [rows, cells], counts of live documents, and ``documents`` [rows] their number,
    above 0. A document that is in crowded cells of several features may count several times: the
    number is an upper bound.
    """
    counts = np.asarray(cells, dtype=np.float64)
    expected = np.multiply.outer(np.asarray(documents, dtype=np.float64), shares)
    crowded = counts > CROWDED * expected + _FEW
    excess = np.subtract(counts, expected, out=np.zeros_like(counts), where=crowded).sum(axis=1)
    return np.asarray(np.minimum(excess, documents))
