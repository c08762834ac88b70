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

__all__ = ["NUMERIC", "count_windows", "read_frames", "write_counts"]

NUMERIC = 20
"""The number of numeric columns, which come first; the others are categorical."""


def read_frames(directory: str) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return the reference of ``rows.npz``, and the windows in order."""
    with np.load(Path(directory) / "rows.npz") as arrays:
        reference = _frame(arrays["reference_numbers"], arrays["reference_codes"])
        windows = zip(arrays["numbers"], arrays["codes"], strict=True)
        return reference, [_frame(numbers, codes) for numbers, codes in windows]


def count_windows(
    directory: str, windows: Sequence[pd.DataFrame], count: Callable[[pd.DataFrame], int]
) -> None:
    """Count the flagged columns of each window, and write them."""
    started_s = time.process_time()
    flagged = [count(window) for window in windows]
    write_counts(directory, flagged, time.process_time() - started_s)


def write_counts(directory: str, flagged: Sequence[int], took_s: float) -> None:
    """Write ``found.npz``: the flagged columns of each window, and the processor seconds of all."""
    np.savez(Path(directory) / "found.npz", flagged=np.array(flagged), took_s=took_s)


def _frame(numbers: NDArray[np.float64], codes: NDArray[np.int64]) -> pd.DataFrame:
    columns: dict[str, object] = {f"number_{at}": column for at, column in enumerate(numbers.T)}
    for at, column in enumerate(codes.T):
        columns[f"category_{at}"] = [None if code < 0 else f"c{code}" for code in column.tolist()]
    return pd.DataFrame(columns)
