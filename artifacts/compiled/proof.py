"""Whether compiled columns give what the estimator gives, tried at the edges of what can arrive."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from artifacts.compiled.asking import ask_each, same_bits
from artifacts.compiled.tables import with_category

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifacts.compiled.asking import Ask, Floats
    from artifacts.compiled.steps import CompiledColumns
    from guards.schema import CanonicalRow, NumericColumn

__all__ = ["is_proven"]

_SPREAD = 32
"""Into so many parts the trained range of a number is divided."""

_ALONE = 8
"""So many rows are tried one at a time: for one row the estimator takes milliseconds."""

_UNKNOWN = "a category that training never saw"

T = TypeVar("T")


def is_proven(compiled: CompiledColumns, rows: Sequence[CanonicalRow], ask: Ask) -> bool:
    """Tell whether both give the same bits for ``rows``, and for made ones at the edges.

    The edges: every category that is known, one that is not, and none; every number missing, zero
    of either sign, tiny, huge, at and far beyond the trained range, and inside it. What the
    compiled columns leave to the estimator needs no proof.
    """
    tried = [*rows, *_edges(compiled, rows[0])]
    agreed: dict[int, Floats] = {}
    for place, answer in enumerate(ask_each(ask, tried)):
        found = compiled.transform([tried[place]])
        if found is None:
            continue
        if answer is None or not same_bits(found[0], answer):
            return False
        agreed[place] = found[0]
    return bool(agreed) and _together(compiled, tried, agreed) and _alone(ask, tried, agreed)


def _together(
    compiled: CompiledColumns, tried: Sequence[CanonicalRow], agreed: Mapping[int, Floats]
) -> bool:
    """Tell whether the compiled columns give for all rows at once what they give for each."""
    found = compiled.transform([tried[place] for place in agreed])
    return found is not None and same_bits(found, np.array([*agreed.values()]))


def _alone(ask: Ask, tried: Sequence[CanonicalRow], agreed: Mapping[int, Floats]) -> bool:
    """Tell whether the estimator gives for one row what it gives for it among others."""
    some = islice(agreed, 0, None, len(agreed) // _ALONE + 1)
    return all(same_bits(ask([tried[place]])[0], agreed[place]) for place in some)


def _edges(compiled: CompiledColumns, base: CanonicalRow) -> Iterator[CanonicalRow]:
    """Yield rows that hold an edge in each column, every column at another of its edges."""
    numbers = [_numbers(column) for column in compiled.schema.numeric]
    categories = {table.place: [*table.known, _UNKNOWN] for table in compiled.tables}
    most = max([*map(len, numbers), *map(len, categories.values())])
    for turn in range(most):
        row = replace(
            base, numeric=tuple(_turned(values, turn + at) for at, values in enumerate(numbers))
        )
        for place, values in categories.items():
            row = with_category(row, place, _turned(values, turn + place))
        yield row


def _turned(values: Sequence[T], turn: int) -> T:
    return values[turn % len(values)]


def _numbers(column: NumericColumn) -> list[float]:
    lowest, highest = column.minimum or 0.0, column.maximum or 1.0
    far = 1000 * max(abs(lowest), abs(highest), 1.0)
    inside = (lowest + (highest - lowest) * step / _SPREAD for step in range(1, _SPREAD))
    zeros = (0.0, -0.0, sys.float_info.min, math.nan)
    huge = (far, -far, sys.float_info.max, -sys.float_info.max)
    return [lowest, highest, *zeros, *huge, *inside]
