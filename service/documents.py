"""A document that passed validation, and the prediction that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.answer import Answer
    from guards.json_types import JsonMapping, JsonObject
    from guards.schema import CanonicalRow

__all__ = ["Document", "Prediction"]


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a request, with its features as received and in canonical form (``row``)."""

    request_id: str
    segment: str | None
    text: str
    features: JsonMapping
    row: CanonicalRow


@dataclass(frozen=True, slots=True)
class Prediction:
    """The champion's answer to one document; ``model`` is the identity of its bundle."""

    request_id: str
    answer: Answer
    model: Mapping[str, str]
    warnings: tuple[Mapping[str, str | int], ...]

    def to_json(self) -> JsonObject:
        """Return the prediction as the response carries it."""
        return {
            "request_id": self.request_id,
            "label": self.answer.label,
            "confidence": self.answer.confidence,
            "probabilities": self.answer.probabilities,
            "model": self.model,
            "warnings": list(self.warnings),
        }
