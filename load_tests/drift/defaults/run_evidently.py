"""Evidently's preset for data drift, a report a window: ``python run_evidently.py DIRECTORY``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
from frames import NUMERIC, count_days

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def _count(reference: pd.DataFrame, windows: Sequence[pd.DataFrame]) -> list[int]:
    names = list(reference)
    definition = DataDefinition(
        numerical_columns=names[:NUMERIC], categorical_columns=names[NUMERIC:]
    )
    before = Dataset.from_pandas(reference, data_definition=definition)
    flagged = []
    for window in windows:
        now = Dataset.from_pandas(window, data_definition=definition)
        # The first metric of the preset is the number of drifted columns.
        drifted, *_ = Report([DataDriftPreset()]).run(now, before).dict()["metrics"]
        flagged.append(int(drifted["value"]["count"]))
    return flagged


count_days(sys.argv[1], _count)
