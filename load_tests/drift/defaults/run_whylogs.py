"""whylogs' drift scores, a profile a window: ``python run_whylogs.py DIRECTORY``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import whylogs
from frames import count_windows, read_frames
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

if TYPE_CHECKING:
    import pandas as pd

reference, windows = read_frames(sys.argv[1])
before = whylogs.log(reference).view()


def _count(window: pd.DataFrame) -> int:
    now = whylogs.log(window).view()
    scores = calculate_drift_scores(now, before, with_thresholds=True)
    return sum(scores[name]["drift_category"] == "DRIFT" for name in window)


count_windows(sys.argv[1], windows, _count)
