"""The output of the estimator itself, which may refuse some rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from guards.schema import CanonicalRow

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Floats", "Transform", "same_bits", "transform_each"]

Floats = NDArray[np.float64]

Transform = Callable[[Sequence[CanonicalRow]], Floats]
"""Returns the estimator's output for rows, float64 [rows, width]; raises what it raises."""

_FIRST_BATCH = 8
_MAX_BATCH = 256
_MAX_VALUES = 2**22
"""A batch has at most so many values, 32 MiB; the first one shows how wide a row is."""


def transform_each(transform: Transform, rows: Sequence[CanonicalRow]) -> Iterator[Floats | None]:
    """Yield the output for each row, float64 [width]; None for a row that the estimator refuses."""
    start, batch, width = 0, _FIRST_BATCH, 1
    while start < len(rows):
        for output in _halving(transform, rows[start : start + batch]):
            width = width if output is None else len(output)
            yield output
        start += batch
        batch = min(_MAX_BATCH, max(1, _MAX_VALUES // max(width, 1)))


def _halving(transform: Transform, rows: Sequence[CanonicalRow]) -> Iterator[Floats | None]:
    """Transform rows together, and each half separately if the estimator refuses them."""
    half = len(rows) // 2
    try:
        output = transform(rows)
    except Exception:  # noqa: BLE001 (an estimator of somebody's making may raise anything)
        if not half:
            yield None
            return
    else:
        yield from output
        return
    yield from _halving(transform, rows[:half])
    yield from _halving(transform, rows[half:])


def same_bits(first: Floats, second: Floats) -> bool:
    """Return whether two arrays have the same shape and bits; all NaN count as equal."""
    if first.shape != second.shape:
        return False
    equal = (first.view(np.int64) == second.view(np.int64)) | (np.isnan(first) & np.isnan(second))
    return bool(equal.all())
