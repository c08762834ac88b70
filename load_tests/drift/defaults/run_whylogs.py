"""whylogs' drift scores, a profile a window: ``python run_whylogs.py DIRECTORY``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import whylogs
from frames import count_days
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def _count(reference: pd.DataFrame, windows: Sequence[pd.DataFrame]) -> list[int]:
    before = whylogs.log(reference).view()
    flagged = []
    for window in windows:
        now = whylogs.log(window).view()
        scores = calculate_drift_scores(now, before, with_thresholds=True)
        flagged.append(sum(score["drift_category"] == "DRIFT" for score in scores.values()))
    return flagged


count_days(sys.argv[1], _count)
