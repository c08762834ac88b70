"""Documents of a kind that the reference hardly holds, by their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.drift.calibration import CONFIDENCE_BINS
from guards.drift.cells import hardly_filled
from guards.drift.feature_reference import CONFIDENCE_QUANTA
from guards.performance.answer_counts import counted_labels
from guards.performance.histograms import bins_of, to_tens

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from guards.drift.feature_reference import FeatureReference
    from guards.drift.sketch import CellBatch
    from guards.json_types import JsonObject

__all__ = ["UnseenSketch"]


class UnseenSketch:
    """Counts documents that have a feature in a cell which the reference hardly fills.

    It is a ``guards.drift.sketch.BatchCounter``.
    """

    def __init__(
        self,
        features: Mapping[str, FeatureReference],
        inputs: Collection[str],
        label: str,
        labels: Sequence[str],
    ) -> None:
        """Start empty over ``features``, in the order of the batches.

        ``inputs`` names those that count, and ``label`` the one whose cells are the predicted
        ``labels``.
        """
        hardly = [hardly_filled(each) & (name in inputs) for name, each in features.items()]
        # The cells of all features in a row, and where those of each feature begin.
        self._hardly = np.concatenate(hardly)
        self._first = np.cumsum([0, *map(len, hardly[:-1])], dtype=np.int64)
        self._label = list(features).index(label)
        self._labels = counted_labels(labels)
        self._pooled = len(self._labels) < len(labels)
        self._answers = np.zeros((len(self._labels), CONFIDENCE_BINS), dtype=np.int64)

    def count(self, batch: CellBatch) -> None:
        """Count the rows that are unseen."""
        unseen = self._hardly[batch.cells + self._first[:, None]].any(axis=0)
        if not unseen.any():
            return
        bins = bins_of(batch.confidence[unseen] / CONFIDENCE_QUANTA)
        predicted = np.zeros_like(bins) if self._pooled else batch.cells[self._label][unseen]
        np.add.at(self._answers, (predicted, bins), 1)

    def get(self) -> JsonObject:
        """Return ``documents``, and ``predicted``, which are those of ``AnswerCounts``."""
        rows = zip(self._labels, self._answers, strict=True)
        return {
            "documents": int(self._answers.sum()),
            "predicted": {label: to_tens(row) for label, row in rows if row.any()},
        }
