"""Run NannyML's CBPE on the census data of its package, in an environment that has it.

``python nannyml_census.py DIRECTORY`` writes the answers of its model and NannyML's estimates there
as numpy arrays: ``reference`` and ``monitored`` float64 [rows, 3] are probability, predicted label
and truth; ``estimates`` float64 [chunks, 3] are accuracy, F1 and AUC of chunks of 5,000 rows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nannyml
import numpy as np

METRICS = ("accuracy", "f1", "roc_auc")
ROWS = 5_000
COLUMNS = ["predicted_probability", "prediction", "employed"]

directory = Path(sys.argv[1])
reference, monitored, truth = nannyml.load_us_census_ma_employment_data()
estimator = nannyml.CBPE(
    problem_type="classification_binary",
    y_pred_proba="predicted_probability",
    y_pred="prediction",
    y_true="employed",
    metrics=list(METRICS),
    chunk_size=ROWS,
)
estimator.fit(reference)
found = estimator.estimate(monitored).filter(period="analysis").to_df()
estimates = np.stack([found[metric, "value"] for metric in METRICS], axis=1)
np.save(directory / "reference.npy", reference[COLUMNS].to_numpy(np.float64))
np.save(directory / "monitored.npy", monitored.merge(truth, on="id")[COLUMNS].to_numpy(np.float64))
np.save(directory / "estimates.npy", estimates.astype(np.float64))
