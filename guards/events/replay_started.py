"""The event of a replay that has begun: bundles answer recorded documents again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from guards.events.challenger_entries import challengers_of
from guards.events.service_events import Variant

if TYPE_CHECKING:
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["ReplayStarted"]


@dataclass(frozen=True, slots=True)
class ReplayStarted:
    """The first line of a replay, whose lines are no traffic of their own."""

    name: ClassVar[str] = "replay.started"

    champion: Variant
    challengers: tuple[Variant, ...]

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        return {
            "champion": self.champion.to_json(),
            "challengers": [challenger.to_json() for challenger in self.challengers],
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> ReplayStarted:
        """Read a line's fields; ``KeyError``, ``TypeError`` or ``ValueError`` where malformed."""
        return cls(
            champion=Variant.from_json(data["champion"]),
            challengers=tuple(
                Variant.from_json(entry, challenger.ordinal)
                for challenger, entry in challengers_of(data)
            ),
        )
