"""Compare compiled columns with the estimator, at the edges of what can arrive."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from artifacts.bundle.column_inputs import NEVER_SEEN
from artifacts.bundle.compiled.category_tables import with_category
from artifacts.bundle.compiled.estimator_output import same_bits, transform_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifacts.bundle.compiled.estimator_output import Floats, Transform
    from artifacts.bundle.compiled.steps import CompiledColumns
    from guards.schema import CanonicalRow, NumericColumn

__all__ = ["is_proven"]

_PARTS = 32
"""The trained range of a number is divided into this many parts."""

_SINGLE_ROWS = 3
"""About so many rows are compared one at a time: an estimator takes ten milliseconds for one."""


T = TypeVar("T")


def is_proven(
    compiled: CompiledColumns, rows: Sequence[CanonicalRow], transform: Transform
) -> bool:
    """Return whether both give the same bits for ``rows``, and for made-up rows at the edges.

    The edges: every known category, an unknown and a missing one; every number missing, zero of
    either sign, tiny, huge, at, inside and far beyond the trained range. Rows that the compiled
    columns leave to the estimator need no proof.
    """
    compared = [*rows, *_edges(compiled, rows[0])]
    equal: dict[int, Floats] = {}
    for index, expected in enumerate(transform_each(transform, compared)):
        output = compiled.transform([compared[index]])
        if output is None:
            continue
        if expected is None or not same_bits(output[0], expected):
            return False
        equal[index] = output[0]
    return (
        bool(equal)
        and _same_together(compiled, compared, equal)
        and _same_one_by_one(transform, compared, equal)
    )


def _same_together(
    compiled: CompiledColumns, rows: Sequence[CanonicalRow], outputs: Mapping[int, Floats]
) -> bool:
    """Return whether the compiled columns give for all rows at once what they give for each."""
    together = compiled.transform([rows[index] for index in outputs])
    return together is not None and same_bits(together, np.array([*outputs.values()]))


def _same_one_by_one(
    transform: Transform, rows: Sequence[CanonicalRow], outputs: Mapping[int, Floats]
) -> bool:
    """Return whether the estimator gives for single rows what it gives for them among others."""
    some = islice(outputs, 0, None, len(outputs) // _SINGLE_ROWS + 1)
    return all(same_bits(transform([rows[index]])[0], outputs[index]) for index in some)


def _edges(compiled: CompiledColumns, base: CanonicalRow) -> Iterator[CanonicalRow]:
    """Yield rows with an edge in each column, no two neighbouring columns at the same one."""
    numbers = [_numbers(column) for column in compiled.schema.numeric]
    categories = {table.index: [*table.known, NEVER_SEEN] for table in compiled.tables}
    for turn in range(max([*map(len, numbers), *map(len, categories.values())])):
        row = replace(
            base,
            numeric=tuple(_cyclic(values, turn + index) for index, values in enumerate(numbers)),
        )
        for index, values in categories.items():
            row = with_category(row, index, _cyclic(values, turn + index))
        yield row


def _cyclic(values: Sequence[T], index: int) -> T:
    return values[index % len(values)]


def _numbers(column: NumericColumn) -> list[float]:
    lowest, highest = column.minimum or 0.0, column.maximum or 1.0
    far = 1000 * max(abs(lowest), abs(highest), 1.0)
    inside = (lowest + (highest - lowest) * part / _PARTS for part in range(1, _PARTS))
    zeros = (0.0, -0.0, sys.float_info.min, math.nan)
    huge = (far, -far, sys.float_info.max, -sys.float_info.max)
    return [lowest, highest, *zeros, *huge, *inside]
