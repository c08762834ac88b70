"""What the service and a challenger's process exchange before the first document."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from guards.drift.reference import Reference
from service.settings import AUTO

if TYPE_CHECKING:
    from pathlib import Path

    from guards.integrity.requirements import Requirements
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["WorkerConfig", "WorkerInfo"]


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What a local challenger runs, and how.

    The guard holds ``bundle`` to ``requirements``. At most ``max_waiting`` documents are queued,
    and one is given up ``timeout_s`` after it was sent to the process. ``engine`` is the setting.
    ``preprocessing`` is the fingerprint of the champion's preprocessing: a challenger with the same
    one receives encodings. With None it always receives text and features.
    """

    bundle: Path
    requirements: Requirements
    max_waiting: int
    timeout_s: float
    engine: str = AUTO
    preprocessing: str | None = None


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """The verified bundle that a challenger's process runs, and how it runs it.

    ``preprocessing`` is the fingerprint of the bundle's preprocessing, ``lanes`` the number of
    documents that run at once, and ``priority`` the scheduling class (``idle`` or ``nice 19``).
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

    def to_json(self) -> JsonObject:
        """Return the information as plain JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**values, "reference": self.reference.to_json()}

    @classmethod
    def from_json(cls, data: JsonMapping) -> WorkerInfo:
        """Read what ``to_json`` returned; ``KeyError``, ``TypeError``, ``ValueError`` if not."""
        values = dict(data)
        reference = Reference.from_json(values.pop("reference"))
        return cls(labels=tuple(values.pop("labels")), reference=reference, **values)
