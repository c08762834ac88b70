"""NannyML's drift of single columns, a chunk a window: ``python run_nannyml.py DIRECTORY``."""

from __future__ import annotations

import sys
import time

import nannyml
import pandas as pd
from frames import read_frames, write_counts

reference, windows = read_frames(sys.argv[1])
calculator = nannyml.UnivariateDriftCalculator(list(reference), chunk_size=len(windows[0]))
calculator.fit(reference)
rows = pd.concat(windows, ignore_index=True)
started_s = time.process_time()
found = calculator.calculate(rows).filter(period="analysis").to_df()
took_s = time.process_time() - started_s
alerts = found.loc[:, [column for column in found if column[-1] == "alert"]]
write_counts(sys.argv[1], alerts.sum(axis=1).to_list(), took_s)
