"""The event of a label that came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from guards.evidence.labels import LabelSource
from guards.moments import from_rfc3339, rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["FeedbackReceived"]


@dataclass(frozen=True, slots=True)
class FeedbackReceived:
    """The true label of a document, with what ``TrueLabel`` holds of it.

    ``answered`` is the champion's label and its confidence, or None where the answer is no longer
    in memory. ``stratum`` and ``inclusion_probability`` (0 to 1) are those of a draw, and None
    without one. ``labelled_at``, in UTC, is when the label became known, or None where that is when
    it came. Lines of earlier versions are read as ``LabelSource.TRUTH``.
    """

    name: ClassVar[str] = "feedback.received"

    request_id: str
    label: str
    answered: tuple[str, float] | None = None
    source: LabelSource = LabelSource.TRUTH
    stratum: str | None = None
    inclusion_probability: float | None = None
    labelled_at: datetime | None = None

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        observation = None
        if self.answered is not None:
            label, confidence = self.answered
            observation = {"label": label, "confidence": confidence}
        return {
            "request_id": self.request_id,
            "label": self.label,
            "source": self.source.value,
            "stratum": self.stratum,
            "inclusion_probability": self.inclusion_probability,
            "labelled_at": None if self.labelled_at is None else rfc3339(self.labelled_at),
            "observation": observation,
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> FeedbackReceived:
        """Read a line's fields; ``KeyError``, ``TypeError`` or ``ValueError`` where malformed."""
        observation, labelled_at = data["observation"], data.get("labelled_at")
        return cls(
            request_id=data["request_id"],
            label=data["label"],
            answered=observation and (observation["label"], observation["confidence"]),
            source=LabelSource(data.get("source", LabelSource.TRUTH)),
            stratum=data.get("stratum"),
            inclusion_probability=data.get("inclusion_probability"),
            labelled_at=None if labelled_at is None else from_rfc3339(labelled_at),
        )
