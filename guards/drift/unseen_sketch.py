"""Documents of a kind that the reference hardly holds, by their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.drift.cells import hardly_filled
from guards.drift.reference import CONFIDENCE_BINS, CONFIDENCE_QUANTA

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from guards.drift.reference import FeatureReference
    from guards.drift.sketch import CellBatch
    from guards.json_types import JsonObject

__all__ = ["UnseenSketch"]


class UnseenSketch:
    """Counts documents that have a feature in a cell which the reference hardly fills."""

    def __init__(
        self, features: Mapping[str, FeatureReference], inputs: Collection[str], label: str
    ) -> None:
        """Start empty over ``features``, in the order of the batches.

        ``inputs`` names those that count, and ``label`` the one that holds the predicted label.
        """
        self._inputs = [
            (at, hardly_filled(each))
            for at, (name, each) in enumerate(features.items())
            if name in inputs
        ]
        self._label = list(features).index(label)
        self._labels = getattr(features[label], "categories", ())
        self._answers = np.zeros((len(self._labels), CONFIDENCE_BINS), dtype=np.int64)

    def count(self, batch: CellBatch) -> None:
        """Count the rows that are unseen."""
        unseen = np.zeros(len(batch.confidence), dtype=bool)
        for at, hardly in self._inputs:
            unseen |= hardly[batch.cells[at]]
        if not unseen.any():
            return
        shares = batch.confidence[unseen] / CONFIDENCE_QUANTA
        bins = np.minimum((shares * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
        np.add.at(self._answers, (batch.cells[self._label][unseen], bins), 1)

    def get(self) -> JsonObject:
        """Return ``documents``, and ``answers``: documents by predicted label, then by bin.

        A bin is one of ``CONFIDENCE_BINS``; labels and bins without documents are left out.
        """
        answers: JsonObject = {}
        for label, index in zip(*map(np.ndarray.tolist, np.nonzero(self._answers)), strict=True):
            found = answers.setdefault(self._labels[label], {})
            found[str(index)] = int(self._answers[label, index])
        return {"documents": int(self._answers.sum()), "answers": answers}
