"""An event with whatever fields a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from guards.json_types import JsonObject

__all__ = ["Something", "something"]


@dataclass(frozen=True, slots=True)
class Something:
    """Something happened."""

    name: ClassVar[str] = "something.happened"

    fields: JsonObject = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the fields as they are."""
        return self.fields


def something(**fields: object) -> Something:
    """Make an event with these fields."""
    return Something(fields)
