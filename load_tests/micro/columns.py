"""What sealed columns cost, compiled and not: ``python -m load_tests.micro.columns``.

20 numeric and 10 categorical columns of 20 categories, every tenth value missing, fitted as
Understudy does it, and as others often do. Processor microseconds of one call for one row, or for
many: medians of several runs, in which both take turns. Prints a table and exits with 0, whatever
the figures are.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import math
import time
from functools import partial
from typing import TYPE_CHECKING, cast

from artifacts.bundle.column_inputs import column_inputs_of
from artifacts.bundle.sealed_columns import SealedColumns
from artifacts.training.columns import fit_columns
from load_tests.micro.common import SCHEMA, columns_of_others, in_turns, print_line, sample_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.schema import CanonicalRow

__all__ = ["main"]

_CALLS = {1: (2000, 20), 8: (500, 10), 256: (50, 5)}
"""Rows at once, and how many calls make a run, compiled and sealed."""
_TARGETS_US = {1: 15.0}


def main() -> None:
    """Fit, compile, measure, print."""
    rows = sample_rows(500, missing=0.1)
    inputs = column_inputs_of(SCHEMA)
    others = columns_of_others().fit(inputs.fill(SCHEMA, rows, [""] * len(rows)))
    ours = cast("SealedColumns", fit_columns(SCHEMA, rows))  # there are columns to fit
    _measure("understudy", ours, rows)
    _measure("imputer, scaler, one-hot", SealedColumns(others, inputs), rows)


def _measure(name: str, sealed: SealedColumns, rows: Sequence[CanonicalRow]) -> None:
    started_s = time.process_time()
    compiled = sealed.compiled_for(SCHEMA, rows[:30])
    took_ms = (time.process_time() - started_s) * 1e3
    print_line(f"{name}: compiled {compiled.compiled}, and proven", took_ms, "ms")
    for count, calls in _CALLS.items():
        works = [
            partial(_transform, columns, rows, count, number)
            for columns, number in zip((compiled, sealed), calls, strict=True)
        ]
        costs_s = zip(in_turns(*works), calls, strict=True)
        compiled_us, sealed_us = (cost_s / number * 1e6 for cost_s, number in costs_s)
        at_most = _TARGETS_US.get(count, math.inf)
        print_line(f"  {count} rows, compiled", compiled_us, "µs", at_most=at_most)
        print_line(f"  {count} rows, sealed", sealed_us, "µs")


def _transform(
    columns: SealedColumns, rows: Sequence[CanonicalRow], count: int, calls: int
) -> None:
    """Call so often with so many rows, other ones each time."""
    texts = [""] * count
    for call in range(calls):
        start = call % (len(rows) - count)
        columns.transform(SCHEMA, rows[start : start + count], texts)


if __name__ == "__main__":
    main()
