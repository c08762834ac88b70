"""What measurements of single rooms share: 30 columns with their rows, turns, and the table."""

from __future__ import annotations

import math
import time
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from guards.schema import MISSING, CanonicalRow, CategoricalColumn, NumericColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CATEGORICAL",
    "CATEGORIES",
    "LABELS",
    "NUMERIC",
    "SCHEMA",
    "columns_of_others",
    "in_turns",
    "print_line",
    "sample_rows",
]

_RUNS = 7
NUMERIC = tuple(f"number_{index}" for index in range(20))
CATEGORICAL = tuple(f"category_{index}" for index in range(10))
CATEGORIES = tuple(f"c{code}" for code in range(20))
LABELS = ("contract", "court_filing", "invoice", "letter", "memo", "report")
SCHEMA = Schema(
    text=("text",),
    numeric=tuple(NumericColumn(name, -9.0, 9.0) for name in NUMERIC),
    categorical=tuple(CategoricalColumn(name, CATEGORIES) for name in CATEGORICAL),
    labels=LABELS,
)


def sample_rows(count: int, missing: float = 0.0) -> list[CanonicalRow]:
    """Return so many rows, of whose values a share is missing; the same ones at every call."""
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=(count, len(NUMERIC)))
    numbers[rng.random(numbers.shape) < missing] = math.nan
    categories = rng.choice(CATEGORIES, size=(count, len(CATEGORICAL)))
    categories[rng.random(categories.shape) < missing] = MISSING
    pairs = zip(numbers.tolist(), categories.tolist(), strict=True)
    return [CanonicalRow(tuple(row), tuple(names)) for row, names in pairs]


def columns_of_others() -> ColumnTransformer:
    """Return the columns as they are often made elsewhere, to be fitted on a frame."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer(
        [("numbers", numbers, list(NUMERIC)), ("categories", categories, list(CATEGORICAL))]
    )


def in_turns(*works: Callable[[], object]) -> list[float]:
    """Return the median processor seconds of each work; they take turns, and the first warms up."""
    turns = [[_cpu_s(work) for work in works] for _ in range(1 + _RUNS)]
    return [median(costs_s) for costs_s in zip(*turns[1:], strict=True)]


def _cpu_s(work: Callable[[], object]) -> float:
    started_s = time.process_time()
    work()
    return time.process_time() - started_s


def print_line(
    name: str,
    value: float,
    unit: str = "",
    *,
    at_most: float = math.inf,
    at_least: float = -math.inf,
) -> None:
    """Print one line of the table, with its target where there is one."""
    targets = [f"≤ {at_most:g}"] * (at_most < math.inf) + [f"≥ {at_least:g}"] * (at_least > 0)
    missed = ["missed"] * (not at_least <= value <= at_most)
    print("  ".join([f"{name:<62}{value:>10.2f} {unit:<5}", *targets, *missed]), flush=True)
