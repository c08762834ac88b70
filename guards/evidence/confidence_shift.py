"""Whether a challenger is less confident than the champion on the same documents, without labels.

The *honesty meter* asks the same of copies of the data in which the sign of every difference was
drawn at random: of 100 copies without any shift, at most 5 are expected beyond the bound, however
often it is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from guards.evidence.pair_sums import UNIT
from guards.evidence.sampling import NULL_COPIES
from guards.evidence.segments import MAX_SEGMENTS
from guards.sequential.confidence_sequence import radius
from guards.sequential.error_budget import INTERVAL_ALPHA, shared

if TYPE_CHECKING:
    from collections.abc import Collection

    from guards.evidence.pair_evidence import PairEvidence
    from guards.evidence.pair_sums import PairSums
    from guards.json_types import JsonObject

__all__ = [
    "ConfidenceShift",
    "Honesty",
    "class_alpha",
    "confidence_shift",
    "honesty",
    "segment_alpha",
]


@dataclass(frozen=True, slots=True)
class ConfidenceShift:
    """The mean of challenger minus champion confidence, with a confidence sequence.

    ``mean`` is None without a document.
    """

    documents: int
    mean: float | None
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the sequence excludes 0."""
        return self.low > 0 or self.high < 0

    def to_json(self) -> JsonObject:
        """Return the shift as plain JSON."""
        return {"value": self.mean, "low": self.low, "high": self.high, "shown": self.shown}


@dataclass(frozen=True, slots=True)
class Honesty:
    """How many copies without a shift are beyond the bound now."""

    crossed: int
    of: int

    def to_json(self) -> JsonObject:
        """Return the meter as plain JSON."""
        return {"crossed": self.crossed, "of": self.of}


def class_alpha(classes: Collection[str]) -> float:
    """Return the error of the sequence of one class; the classes share half of a part."""
    return shared(INTERVAL_ALPHA / 2, len(classes))


def segment_alpha() -> float:
    """Return the error of the sequence of one segment, as if there were as many as can be."""
    return shared(INTERVAL_ALPHA / 2, MAX_SEGMENTS + 1)


def confidence_shift(sums: PairSums, alpha: float = INTERVAL_ALPHA) -> ConfidenceShift:
    """Return the shift over the documents of ``sums``."""
    if not sums.compared:
        return ConfidenceShift(0, None, -1.0, 1.0)
    mean = sums.shift / UNIT / sums.compared
    width = _radius(sums, alpha) / sums.compared
    return ConfidenceShift(sums.compared, mean, max(mean - width, -1.0), min(mean + width, 1.0))


def honesty(evidence: PairEvidence) -> Honesty:
    """Return how many null copies the bound of the overall sequence finds shifted."""
    bound = _radius(evidence.total, INTERVAL_ALPHA) if evidence.compared else inf
    crossed = int((np.abs(evidence.null_sums) / UNIT > bound).sum())
    return Honesty(crossed, NULL_COPIES)


def _radius(sums: PairSums, alpha: float) -> float:
    return float(radius(sums.shift_squares / UNIT**2, alpha / 2))
