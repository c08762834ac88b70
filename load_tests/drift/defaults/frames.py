"""Reads rows as data frames and writes what is flagged, in the environment of a peer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Counter = Callable[[pd.DataFrame, Sequence[pd.DataFrame]], Sequence[int]]

__all__ = ["NUMERIC", "count_days"]

NUMERIC = 20
"""The number of numeric columns, which come first; the others are categorical."""


def count_days(directory: str, count: Counter) -> None:
    """Count the flagged columns of each window of the days in a directory.

    ``count`` is given a day's reference and windows. Beside each day's rows, ``found.npz`` is
    written: ``flagged`` int64 [windows], and ``took_s``, the processor seconds of all.
    """
    for path in sorted(Path(directory).iterdir()):
        with np.load(path / "rows.npz") as arrays:
            reference = _frame(arrays["reference_numbers"], arrays["reference_codes"])
            pairs = zip(arrays["numbers"], arrays["codes"], strict=True)
            windows = [_frame(numbers, codes) for numbers, codes in pairs]
        started_s = time.process_time()
        flagged = np.array(count(reference, windows))
        np.savez(path / "found.npz", flagged=flagged, took_s=time.process_time() - started_s)


def _frame(numbers: NDArray[np.float64], codes: NDArray[np.int64]) -> pd.DataFrame:
    columns: dict[str, object] = {f"number_{at}": column for at, column in enumerate(numbers.T)}
    for at, column in enumerate(codes.T):
        columns[f"category_{at}"] = [None if code < 0 else f"c{code}" for code in column.tolist()]
    return pd.DataFrame(columns)
