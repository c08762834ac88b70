"""The event of comparisons that a document's own line could not wait for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from guards.events.challenger_entries import challengers_of
from guards.evidence.pair import ShadowOutcome

if TYPE_CHECKING:
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["ComparisonCompleted"]


@dataclass(frozen=True, slots=True)
class ComparisonCompleted:
    """Outcomes of a document whose line has them as ``pending``, because the service was stopping.

    ``origin_run`` and ``request_id`` are those of that line. ``document`` is None unless
    ``CAPTURE`` keeps documents with a disagreement, and there is one here.
    """

    name: ClassVar[str] = "comparison.completed"

    origin_run: str
    request_id: str
    outcomes: tuple[ShadowOutcome, ...]
    document: JsonMapping | None = None

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        fields: JsonObject = {
            "origin_run": self.origin_run,
            "request_id": self.request_id,
            "challengers": [outcome.to_json() for outcome in self.outcomes],
        }
        if self.document is not None:
            fields["document"] = self.document
        return fields

    @classmethod
    def from_json(cls, data: JsonMapping) -> ComparisonCompleted:
        """Read a line's fields; ``KeyError``, ``TypeError`` or ``ValueError`` where malformed."""
        return cls(
            origin_run=data["origin_run"],
            request_id=data["request_id"],
            outcomes=tuple(
                ShadowOutcome.from_json(challenger, entry)
                for challenger, entry in challengers_of(data)
            ),
            document=data.get("document"),
        )
