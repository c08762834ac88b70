"""One challenger's observation of one document, and its comparison with the champion's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import log2
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.drift.features import Answer

__all__ = ["Comparison", "Missed", "Observation", "compare"]


class Missed(StrEnum):
    """Why an eligible document was not compared."""

    QUEUE_FULL = "queue_full"
    TIMEOUT = "timeout"
    ERROR = "error"
    CHALLENGER_DOWN = "challenger_down"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True)
class Observation:
    """What a challenger made of a document: an answer, or the reason why there is none."""

    answer: Answer | None
    infer_s: float | None = None
    missed: Missed | None = None

    @property
    def status(self) -> str:
        """``ok``, ``timeout``, ``error`` or ``missed``."""
        if self.missed is None:
            return "ok"
        return self.missed.value if self.missed in (Missed.TIMEOUT, Missed.ERROR) else "missed"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a challenger's answer differs from the champion's.

    ``confidence_delta`` is challenger minus champion. ``js_divergence`` is the Jensen-Shannon
    divergence in bits between the two probability vectors over all labels of either (Lin 1991),
    between 0 and 1.
    """

    agree: bool
    confidence_delta: float
    js_divergence: float


def compare(champion: Answer, challenger: Answer) -> Comparison:
    """Compare two answers to one document."""
    return Comparison(
        agree=champion.label == challenger.label,
        confidence_delta=challenger.confidence - champion.confidence,
        js_divergence=_js_divergence(champion.probabilities, challenger.probabilities),
    )


def _js_divergence(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    bits = sum(q for label, q in right.items() if label not in left)
    for label, p in left.items():
        q = right.get(label, 0.0)
        # Added up a label at a time, so that the order of the two does not matter to the last bit.
        bits += _part(p, p + q) + _part(q, p + q)
    return min(max(bits / 2, 0.0), 1.0)


def _part(probability: float, both: float) -> float:
    return probability * log2(2 * probability / both) if probability > 0 else 0.0
