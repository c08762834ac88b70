"""The events of alarms: one is raised, and one is cleared."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from math import exp, log
from typing import TYPE_CHECKING, ClassVar

from guards.drift.harm.gate import Harm, Severity
from guards.moments import from_rfc3339, rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["AlarmEvidence", "DriftAlarm", "DriftCleared"]

_MAX_LOG = log(sys.float_info.max)


@dataclass(frozen=True, slots=True)
class AlarmEvidence:
    """What an alarm rests on: an e-value, and the threshold that it reached.

    It is that of ``documents`` documents in the latest ``minutes`` minutes.
    """

    e_value: float
    threshold: float
    documents: int
    minutes: int

    @classmethod
    def of(
        cls, log_evidence: float, log_threshold: float, documents: int, minutes: int
    ) -> AlarmEvidence:
        """Return evidence from logarithms; what is beyond doubles becomes about the largest."""
        e_value, threshold = (exp(min(each, _MAX_LOG)) for each in (log_evidence, log_threshold))
        return cls(e_value, threshold, documents, minutes)

    def to_json(self) -> JsonObject:
        """Return the evidence as plain JSON, an infinite e-value as the largest double."""
        return {**asdict(self), "e_value": min(self.e_value, sys.float_info.max)}

    @classmethod
    def from_json(cls, data: JsonMapping) -> AlarmEvidence:
        """Read evidence; ``KeyError`` where a field is missing."""
        return cls(data["e_value"], data["threshold"], data["documents"], data["minutes"])


@dataclass(frozen=True, slots=True)
class DriftAlarm:
    """A feature is not what it was in training; ``segment`` is None for all documents.

    ``score`` is the JSON of the feature's score over the evidence, which starts at ``since``, in
    UTC. ``explains`` is the share of the change of confidence that the feature explains, and
    ``kind`` the kind of shift in words, each None where it is not known. ``words`` are for whoever
    is on call. ``promise`` says what the bound on false alarms holds for.
    """

    name: ClassVar[str] = "drift.alarm"

    feature: str
    segment: str | None
    severity: Severity
    harm: Harm
    evidence: AlarmEvidence
    score: JsonMapping
    explains: float | None
    kind: str | None
    words: str
    since: datetime
    promise: str = "one replica"

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        return {
            "feature": self.feature,
            "segment": self.segment,
            "severity": self.severity.value,
            "harm": self.harm.value,
            "evidence": self.evidence.to_json(),
            "score": self.score,
            "explains": self.explains,
            "kind": self.kind,
            "words": self.words,
            "since": rfc3339(self.since),
            "promise": self.promise,
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> DriftAlarm:
        """Read a line's fields; ``KeyError``, ``TypeError`` or ``ValueError`` where malformed."""
        return cls(
            feature=data["feature"],
            segment=data["segment"],
            severity=Severity(data["severity"]),
            harm=Harm(data["harm"]),
            evidence=AlarmEvidence.from_json(data["evidence"]),
            score=data["score"],
            explains=data["explains"],
            kind=data["kind"],
            words=data["words"],
            since=from_rfc3339(data["since"]),
            promise=data["promise"],
        )


@dataclass(frozen=True, slots=True)
class DriftCleared:
    """The feature of the alarm that was raised at ``raised_at``, in UTC, is as in training again.

    ``segment`` is None for all documents, and ``words`` are for whoever is on call.
    """

    name: ClassVar[str] = "drift.cleared"

    feature: str
    segment: str | None
    raised_at: datetime
    words: str

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        return {
            "feature": self.feature,
            "segment": self.segment,
            "raised_at": rfc3339(self.raised_at),
            "words": self.words,
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> DriftCleared:
        """Read a line's fields; ``KeyError``, ``TypeError`` or ``ValueError`` where malformed."""
        return cls(data["feature"], data["segment"], from_rfc3339(data["raised_at"]), data["words"])
