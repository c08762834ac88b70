"""How many of the documents eligible for shadow were compared, and what became of the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["Coverage"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The balance of one challenger, or the sum over several.

    Every eligible document is compared, missed for a reason, pending or spooled.

    >>> first = Coverage(eligible=3, compared=2, missed={"timeout": 1})
    >>> Coverage.total([first, Coverage(eligible=1, pending=1)]).balanced
    True
    """

    eligible: int = 0
    compared: int = 0
    pending: int = 0
    spooled: int = 0
    missed: Mapping[str, int] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        """Whether every eligible document is accounted for."""
        accounted = self.compared + sum(self.missed.values()) + self.pending + self.spooled
        return self.eligible == accounted

    @classmethod
    def total(cls, parts: Iterable[Coverage]) -> Coverage:
        """Return the sum of balances."""
        parts = list(parts)
        missed: Counter[str] = Counter()
        for part in parts:
            missed.update(part.missed)
        return cls(
            eligible=sum(part.eligible for part in parts),
            compared=sum(part.compared for part in parts),
            pending=sum(part.pending for part in parts),
            spooled=sum(part.spooled for part in parts),
            missed=dict(missed),
        )

    def to_json(self) -> JsonObject:
        """Return the balance as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonMapping) -> Coverage:
        """Read a balance from an object that may hold more; ``KeyError`` without it."""
        return cls(**{field.name: data[field.name] for field in fields(cls)})
