"""The kinds of documents that the cells of some inputs tell apart together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Cells = NDArray[np.int16]

__all__ = ["kinds_of"]

_MIN_DOCUMENTS = 20
"""Fewer documents of a kind are missing in a period by chance."""

_MIN_SHARE = 0.001


def kinds_of(good: Cells, bad: Cells) -> tuple[Ints, Ints, int]:
    """Return the kind of each document, int64 [rows] of both periods, and how many kinds there are.

    Both periods are cells of the same inputs, int16 [rows, inputs], none of them -1. Kinds are
    divided by one input after the other. What is too rare in both periods to be a kind by itself,
    fewer than 20 documents or than a thousandth, stays together with what is as rare beside it.
    """
    cells = np.concatenate([good, bad]).astype(np.int64)
    kinds, number = np.zeros(len(cells), dtype=np.int64), 1
    for column in cells.T:
        size = int(column.max(initial=0)) + 2
        parts = kinds * size + column
        rare = np.ones(number * size, dtype=np.bool_)
        for side in (parts[: len(good)], parts[len(good) :]):
            documents = np.bincount(side, minlength=number * size)
            rare &= documents < max(_MIN_DOCUMENTS, _MIN_SHARE * len(side))
        parts = np.where(rare[parts], kinds * size + size - 1, parts)
        there = np.bincount(parts, minlength=number * size) > 0
        kinds, number = (np.cumsum(there) - 1)[parts], int(there.sum())
    return kinds[: len(good)], kinds[len(good) :], number
