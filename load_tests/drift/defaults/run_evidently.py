"""Evidently's preset for data drift, a report a window: ``python run_evidently.py DIRECTORY``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
from frames import NUMERIC, count_windows, read_frames

if TYPE_CHECKING:
    import pandas as pd

reference, windows = read_frames(sys.argv[1])
names = list(reference)
definition = DataDefinition(numerical_columns=names[:NUMERIC], categorical_columns=names[NUMERIC:])
before = Dataset.from_pandas(reference, data_definition=definition)


def _count(window: pd.DataFrame) -> int:
    now = Dataset.from_pandas(window, data_definition=definition)
    metrics = Report([DataDriftPreset()]).run(now, before).dict()["metrics"]
    return next(
        int(each["value"]["count"])
        for each in metrics
        if each["metric_name"].startswith("DriftedColumnsCount")
    )


count_windows(sys.argv[1], windows, _count)
