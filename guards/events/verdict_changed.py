"""The event of a verdict with another decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from guards.evidence.pair import ChallengerId

if TYPE_CHECKING:
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["VerdictChanged"]


@dataclass(frozen=True, slots=True)
class VerdictChanged:
    """The verdict on a challenger has another decision than the last one that was written.

    ``verdict`` is the JSON of ``guards.evidence.verdict.Verdict``, and ``previous`` the decision
    before, at first ``undecided``. It covers one run of one replica.
    """

    name: ClassVar[str] = "verdict.changed"

    challenger: ChallengerId
    previous: str
    verdict: JsonMapping

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        return {
            "challenger": self.challenger.to_json(),
            "decision": self.verdict["decision"],
            "previous": self.previous,
            "verdict": self.verdict,
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> VerdictChanged:
        """Read a line's fields; ``KeyError`` or ``TypeError`` where they are malformed."""
        return cls(ChallengerId(**data["challenger"]), data["previous"], data["verdict"])
