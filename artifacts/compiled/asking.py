"""Asking the estimator itself, which may refuse some rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from guards.schema import CanonicalRow

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Ask", "Floats", "ask_each", "same_bits"]

Floats = NDArray[np.float64]

Ask = Callable[[Sequence[CanonicalRow]], Floats]
"""Gives what the estimator makes of rows, float64 [rows, width]; raises whatever it raises."""

_AT_ONCE = 256


def ask_each(ask: Ask, rows: Sequence[CanonicalRow]) -> Iterator[Floats | None]:
    """Yield the output of each row, float64 [width], None for one that the estimator refuses."""
    for start in range(0, len(rows), _AT_ONCE):
        yield from _halving(ask, rows[start : start + _AT_ONCE])


def _halving(ask: Ask, rows: Sequence[CanonicalRow]) -> Iterator[Floats | None]:
    """Ask for rows together, and where that is refused for each half."""
    half = len(rows) // 2
    try:
        answered = ask(rows)
    except Exception:  # noqa: BLE001 (an estimator of somebody's making may raise anything)
        if not half:
            yield None
            return
    else:
        yield from answered
        return
    yield from _halving(ask, rows[:half])
    yield from _halving(ask, rows[half:])


def same_bits(one: Floats, other: Floats) -> bool:
    """Tell whether two arrays have the same bits; one NaN is as good as another."""
    if one.shape != other.shape:
        return False
    alike = (one.view(np.int64) == other.view(np.int64)) | (np.isnan(one) & np.isnan(other))
    return bool(alike.all())
