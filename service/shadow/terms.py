"""What the service and a challenger's process tell each other before the first document."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from guards.drift.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.integrity.demands import Demands

__all__ = ["Hello", "Terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a challenger is kept: what its bundle must be, how many may wait, and how long.

    ``timeout_s`` counts from the moment a document is handed over. ``engine`` is the setting.
    ``preprocessing`` is the champion's preprocessing fingerprint: a challenger that has the same
    is handed encodings. With None, every document is handed over as it came.
    """

    demands: Demands
    most_waiting: int
    timeout_s: float
    engine: str = "auto"
    preprocessing: str | None = None


@dataclass(frozen=True, slots=True)
class Hello:
    """What a challenger's process says of the bundle it has verified, and of itself.

    ``preprocessing`` is the bundle's preprocessing fingerprint, ``lanes`` how many documents it
    runs at once, and ``priority`` how it gives way.
    """

    name: str
    version: str
    fingerprint: str
    preprocessing: str
    labels: tuple[str, ...]
    engine: str
    lanes: int
    priority: str
    reference: Reference

    def to_json(self) -> dict[str, Any]:
        """Give the hello as plain JSON."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**said, "reference": self.reference.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Hello:
        """Read what ``to_json`` gave; ``KeyError``, ``TypeError`` or ``ValueError`` for another."""
        said = dict(data)
        reference = Reference.from_json(said.pop("reference"))
        return cls(labels=tuple(said.pop("labels")), reference=reference, **said)
