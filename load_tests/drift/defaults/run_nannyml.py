"""NannyML's drift of single columns, a chunk a window: ``python run_nannyml.py DIRECTORY``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import nannyml
import pandas as pd
from frames import count_days

if TYPE_CHECKING:
    from collections.abc import Sequence


def _count(reference: pd.DataFrame, windows: Sequence[pd.DataFrame]) -> list[int]:
    calculator = nannyml.UnivariateDriftCalculator(list(reference), chunk_size=len(windows[0]))
    calculator.fit(reference)
    rows = pd.concat(windows, ignore_index=True)
    found = calculator.calculate(rows).filter(period="analysis").to_df()
    alerts = found.loc[:, [column for column in found if column[-1] == "alert"]]
    counts: list[int] = alerts.sum(axis=1).to_list()
    return counts


count_days(sys.argv[1], _count)
