"""What inputs and answers look like now, against how they looked in training.

- ``reference``: what the sketch was at training time, and its JSON.
- ``binning``: numeric cells from reference quantiles, and exact counts and sums over them.
- ``sketch``: accumulators (``update``, ``get``) for one window, and ``merge`` for many.
- ``distance``: how far a window lies from the reference, and how far chance alone would carry it.
- ``features``: what is watched of one document and of each answer to it.
- ``fields``: reads one field of plain JSON, or says what is wrong with it.

Nothing here knows about requests, clocks, files or logs: the caller decides what a window is.
"""

from guards.drift.distance import (
    BAND_LIMIT,
    DOCUMENTS_NEEDED,
    Metric,
    Score,
    jensen_shannon,
    kolmogorov_smirnov,
    null_band,
    score,
)
from guards.drift.reference import (
    CONFIDENCE_BINS,
    Calibration,
    CategoricalReference,
    FeatureReference,
    NumericReference,
    Reference,
)
from guards.drift.sketch import (
    CategoricalSketch,
    MatrixSketch,
    NumericSketch,
    RowSketch,
    Sketch,
    merge,
)

__all__ = [
    "BAND_LIMIT",
    "CONFIDENCE_BINS",
    "DOCUMENTS_NEEDED",
    "Calibration",
    "CategoricalReference",
    "CategoricalSketch",
    "FeatureReference",
    "MatrixSketch",
    "Metric",
    "NumericReference",
    "NumericSketch",
    "Reference",
    "RowSketch",
    "Score",
    "Sketch",
    "jensen_shannon",
    "kolmogorov_smirnov",
    "merge",
    "null_band",
    "score",
]
