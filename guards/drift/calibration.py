"""How often answers of a confidence were right on held-out documents."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.fields import sequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from guards.json_types import JsonObject

__all__ = ["CONFIDENCE_BINS", "MAX_COUNT", "Calibration", "check_counts"]

CONFIDENCE_BINS = 200
"""Equal-width bins on [0, 1]: fine enough to rebuild the accuracy of held-out rows to .0005."""

MAX_COUNT = 2**53
"""Every whole number up to it is a double, as readers of JSON keep numbers."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How many held-out documents of one predicted label were right, by confidence.

    ``documents`` and ``correct`` are whole numbers [CONFIDENCE_BINS]; bin b holds the confidences
    in [b, b + 1) / CONFIDENCE_BINS, the last one 1 as well. Raises ``ValueError`` if they
    contradict each other, and for a count beyond 2**53.
    """

    documents: tuple[int, ...]
    correct: tuple[int, ...]

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for another number of bins, or more right answers than documents."""
        if not len(self.documents) == len(self.correct) == CONFIDENCE_BINS:
            message = f"documents and correct must have {CONFIDENCE_BINS} bins each"
            raise ValueError(message)
        check_counts((*self.documents, *self.correct))
        if any(map(operator.gt, self.correct, self.documents)):
            message = "correct must not exceed documents in any bin"
            raise ValueError(message)

    @classmethod
    def of(cls, confidence: Sequence[float], correct: Sequence[bool]) -> Calibration:
        """Count the confidences [documents] in [0, 1], and those of them that were right."""
        scaled = np.asarray(confidence, dtype=np.float64) * CONFIDENCE_BINS
        bins = np.minimum(scaled.astype(np.int64), CONFIDENCE_BINS - 1)
        documents = np.bincount(bins, minlength=CONFIDENCE_BINS)
        right = np.bincount(bins[np.asarray(correct, dtype=bool)], minlength=CONFIDENCE_BINS)
        return cls(tuple(documents.tolist()), tuple(right.tolist()))

    def to_json(self) -> JsonObject:
        """Return the calibration as plain JSON."""
        return {"documents": list(self.documents), "correct": list(self.correct)}

    @classmethod
    def from_json(cls, data: object) -> Calibration:
        """Read a calibration back; raise ``ValueError`` if it is malformed."""
        return cls(sequence(data, "documents", int), sequence(data, "correct", int))


def check_counts(counts: Iterable[int]) -> None:
    """Raise ``ValueError`` for a count that is negative or beyond ``MAX_COUNT``."""
    for count in counts:
        if not 0 <= count <= MAX_COUNT:
            message = "counts must not be negative, nor beyond 2**53"
            raise ValueError(message)
