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
        self._inputs = [
            (at, hardly_filled(each))
            for at, (name, each) in enumerate(features.items())
            if name in inputs
        ]
        self._label = list(features).index(label)
        self._labels = counted_labels(labels)
        self._pooled = len(self._labels) < len(labels)
        self._answers = np.zeros((len(self._labels), CONFIDENCE_BINS), dtype=np.int64)

    def count(self, batch: CellBatch) -> None:
        """Count the rows that are unseen."""
        unseen = np.zeros(len(batch.confidence), dtype=bool)
        for at, hardly in self._inputs:
            unseen |= hardly[batch.cells[at]]
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
