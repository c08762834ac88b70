"""A document that passed validation, and the prediction that answers it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from guards.answer import Answer
    from guards.json_types import JsonMapping, JsonObject
    from guards.schema import CanonicalRow

__all__ = ["NESTED", "Document", "Prediction", "memory_of"]

NESTED: frozenset[type] = frozenset({dict, list})
"""The types of JSON values that hold others."""

_ENTRY_BYTES = 200
"""Of a feature in its dictionary: the entry, an empty name and a number."""

_MAX_CHARACTER_BYTES = 4


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a request, with its features as received and in canonical form (``row``).

    Unless documents are captured, ``[]`` stands in ``features`` for a list or an object, which no
    column takes. ``memory_bytes`` is the memory of text and features, as ``memory_of`` counts it.
    """

    request_id: str
    segment: str | None
    text: str
    features: JsonMapping
    row: CanonicalRow
    memory_bytes: int = 0


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


def memory_of(text: str, features: JsonMapping) -> int:
    """Return about how many bytes of memory a text and features take, and rather too many.

    This runs for every document of every request, whose features are nearly always few and flat.
    """
    values = features.values()
    total = sys.getsizeof(text) + _ENTRY_BYTES * len(features)
    total += _MAX_CHARACTER_BYTES * sum(map(len, features))
    total += sum([sys.getsizeof(value) for value in values if type(value) is not float])
    if not NESTED.isdisjoint(map(type, values)):
        total += sum(map(sys.getsizeof, _inside(values)))
    return total


def _inside(values: Iterable[object]) -> Iterator[object]:
    """Yield what is inside of lists and objects, at every depth."""
    waiting: list[Any] = [value for value in values if type(value) in NESTED]
    while waiting:
        value = waiting.pop()
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        yield from parts
        waiting += [part for part in parts if type(part) in NESTED]
