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
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from artifacts.bundle.column_inputs import column_inputs_of
from artifacts.bundle.sealed_columns import SealedColumns
from artifacts.training.columns import fit_columns
from guards.schema import MISSING, CanonicalRow, CategoricalColumn, NumericColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["main"]

_RUNS = 9
_ROWS = 500
_MISSING_SHARE = 0.1
_KNOWN = tuple(f"c{index}" for index in range(20))
_SCHEMA = Schema(
    text=("text",),
    numeric=tuple(NumericColumn(f"number_{index}", -3.0, 3.0) for index in range(20)),
    categorical=tuple(CategoricalColumn(f"category_{index}", _KNOWN) for index in range(10)),
    labels=("contract", "invoice"),
)
_CALLS = {1: (2000, 20), 8: (500, 10), 256: (50, 5)}
"""Rows at once, and how many calls make a run, compiled and sealed."""

_TARGET_US = 15.0


def main() -> None:
    """Fit, compile, measure, print."""
    rows = list(_rows(np.random.default_rng(0)))
    for name, sealed in (("understudy", _ours(rows)), ("imputer, scaler, one-hot", _others(rows))):
        started = time.process_time()
        compiled = sealed.compiled_for(_SCHEMA, rows[:30])
        took_ms = (time.process_time() - started) * 1e3
        print(f"{name}: compiled {compiled.compiled}, and proven in {took_ms:.0f} ms")
        for count, calls in _CALLS.items():
            print(_line(rows, count, (compiled, sealed), calls), flush=True)


def _line(
    rows: Sequence[CanonicalRow],
    count: int,
    both: tuple[SealedColumns, SealedColumns],
    calls: tuple[int, int],
) -> str:
    runs = [
        [_call_us(columns, rows, count, some) for columns, some in zip(both, calls, strict=True)]
        for _ in range(_RUNS)
    ]
    compiled_us, sealed_us = map(statistics.median, zip(*runs, strict=True))
    target = f"  ≤ {_TARGET_US:g}" + "  missed" * (compiled_us > _TARGET_US) if count == 1 else ""
    return (
        f"  {count:>4} rows{compiled_us:>10.1f} µs compiled{sealed_us:>10.0f} µs sealed,"
        f"{sealed_us / compiled_us:>8.0f} times{target}"
    )


def _call_us(columns: SealedColumns, rows: Sequence[CanonicalRow], count: int, calls: int) -> float:
    """Return the processor microseconds of one call, the mean of a run of calls."""
    batches = [[rows[(start + at) % len(rows)] for at in range(count)] for start in range(calls)]
    texts = [""] * count
    started = time.thread_time()
    for batch in batches:
        columns.transform(_SCHEMA, batch, texts)
    return (time.thread_time() - started) / calls * 1e6


def _ours(rows: Sequence[CanonicalRow]) -> SealedColumns:
    columns = fit_columns(_SCHEMA, rows)
    if columns is None:
        message = "there are columns to fit"
        raise AssertionError(message)
    return columns


def _others(rows: Sequence[CanonicalRow]) -> SealedColumns:
    column_inputs = column_inputs_of(_SCHEMA)
    numeric = [column.name for column in _SCHEMA.numeric]
    categorical = [column.name for column in _SCHEMA.categorical]
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numeric),
            ("categories", OneHotEncoder(handle_unknown="ignore"), categorical),
        ]
    )
    return SealedColumns(
        columns.fit(column_inputs.fill(_SCHEMA, rows, [""] * len(rows))), column_inputs
    )


def _rows(generator: np.random.Generator) -> Iterator[CanonicalRow]:
    for _ in range(_ROWS):
        gaps = iter(generator.random(30) < _MISSING_SHARE)
        numbers = generator.normal(size=20).tolist()
        categories = generator.choice(_KNOWN, 10).tolist()
        yield CanonicalRow(
            tuple(math.nan if next(gaps) else number for number in numbers),
            tuple(MISSING if next(gaps) else category for category in categories),
        )


if __name__ == "__main__":
    main()
