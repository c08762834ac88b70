"""From columns of Arrow to arrays of numpy; a null becomes NaN, False or the code of none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.evidence.columns import Categories

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["categories", "filled", "floats", "switches", "whole"]


def categories(texts: pa.StringArray) -> Categories:
    """Return a column of texts by their numbers."""
    encoded = texts.dictionary_encode()
    codes = encoded.indices.cast("int64").fill_null(-1)
    return Categories(whole(codes), tuple(encoded.dictionary.to_pylist()))


def floats(numbers: pa.DoubleArray) -> NDArray[np.float64]:
    """Return a column of numbers, NaN where there is none."""
    return np.asarray(numbers.fill_null(math.nan), dtype=np.float64)


def whole(numbers: pa.Int64Array) -> NDArray[np.int64]:
    """Return a column of whole numbers without nulls."""
    return np.asarray(numbers, dtype=np.int64)


def switches(values: pa.BooleanArray) -> NDArray[np.bool_]:
    """Return a column of truth values without nulls."""
    return np.asarray(values, dtype=np.bool_)


def filled(lists: pa.ListArray, none: float, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return lists of numbers as one array, filled up with what stands for none."""
    lengths = np.asarray(lists.value_lengths().fill_null(0), dtype=np.int64)
    width = int(lengths.max(initial=0))
    filled = np.full((len(lists), width), none, dtype=dtype)
    # Values of null lists, which Arrow may keep, are not among those of ``flatten``.
    values = np.asarray(lists.flatten().fill_null(none), dtype=dtype)
    filled[np.arange(width) < lengths[:, None]] = values
    return filled
