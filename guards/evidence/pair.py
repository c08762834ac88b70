"""The answers of champion and challenger to one document, and how they compare."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import log2
from typing import TYPE_CHECKING, NamedTuple

from guards.answer import Observation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.answer import Answer
    from guards.json_types import JsonMapping, JsonObject

__all__ = [
    "PENDING",
    "ChallengerId",
    "Comparison",
    "Missed",
    "Outcome",
    "ShadowOutcome",
    "compare",
]


class Missed(StrEnum):
    """Why an eligible document was not compared."""

    QUEUE_FULL = "queue_full"
    TIMEOUT = "timeout"
    ERROR = "error"
    CHALLENGER_DOWN = "challenger_down"
    SHUTDOWN = "shutdown"


Outcome = Observation | Missed
"""A challenger's observation of a document, or the reason why there is none."""

PENDING = "pending"
"""The status of a challenger whose outcome is awaited."""


class ChallengerId(NamedTuple):
    """Which challenger it is: name and version of its bundle, and a number.

    ``ordinal`` numbers, from 1, the challengers that run a bundle of the same name and version.

    >>> str(ChallengerId("docs", "2")), str(ChallengerId("docs", "2", 2))
    ('docs/2', 'docs/2#2')
    """

    name: str
    version: str
    ordinal: int = 1

    def __str__(self) -> str:
        """Return the key under which windows and metrics count the challenger."""
        bundle = f"{self.name}/{self.version}"
        return bundle if self.ordinal == 1 else f"{bundle}#{self.ordinal}"

    def to_json(self) -> JsonObject:
        """Return the id as plain JSON."""
        return {"name": self.name, "version": self.version, "ordinal": self.ordinal}


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

    def to_json(self) -> JsonObject:
        """Return the comparison as plain JSON."""
        return {
            "agree": self.agree,
            "confidence_delta": self.confidence_delta,
            "js_divergence": self.js_divergence,
        }


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


@dataclass(frozen=True, slots=True)
class ShadowOutcome:
    """What one challenger made of a document that the champion has answered.

    ``outcome`` is None as long as it is awaited. ``comparison`` is None where there is no answer.
    """

    challenger: ChallengerId
    outcome: Outcome | None
    comparison: Comparison | None

    @classmethod
    def of(
        cls, champion: Observation, challenger: ChallengerId, outcome: Outcome | None
    ) -> ShadowOutcome:
        """Return the outcome, compared with the champion's where the challenger has an answer."""
        if isinstance(outcome, Observation):
            return cls(challenger, outcome, compare(champion.answer, outcome.answer))
        return cls(challenger, outcome, None)

    @property
    def status(self) -> str:
        """``ok``, ``timeout``, ``error``, ``missed`` or ``pending``."""
        if self.outcome is None:
            return PENDING
        if not isinstance(self.outcome, Missed):
            return "ok"
        tried = self.outcome in (Missed.TIMEOUT, Missed.ERROR)
        return self.outcome.value if tried else "missed"

    @property
    def disagree(self) -> bool:
        """Whether both answered, with different labels."""
        return self.comparison is not None and not self.comparison.agree

    def to_json(self) -> JsonObject:
        """Return the challenger's entry as log lines carry it."""
        fields = self.challenger.to_json()
        fields["status"] = self.status
        fields["reason"] = None
        if isinstance(self.outcome, Missed):
            fields["reason"] = self.outcome.value
        elif self.outcome is not None:
            fields |= self.outcome.to_json()
        if self.comparison is not None:
            fields |= self.comparison.to_json()
        return fields

    @classmethod
    def from_json(cls, challenger: ChallengerId, data: JsonMapping) -> ShadowOutcome:
        """Read a challenger's entry of a line; ``KeyError`` or ``ValueError`` where malformed."""
        if data["status"] == PENDING:
            return cls(challenger, None, None)
        if data["status"] != "ok":
            return cls(challenger, Missed(data["reason"]), None)
        comparison = Comparison(data["agree"], data["confidence_delta"], data["js_divergence"])
        return cls(challenger, Observation.from_json(data), comparison)
