"""Which bundle it is: as answers, log lines and the status carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guards.json_types import JsonMapping

__all__ = ["MAX_NAME_CHARS", "BundleIdentity"]

MAX_NAME_CHARS = 256
"""Of a name and of a version: both are in every answer and log line."""


@dataclass(frozen=True, slots=True)
class BundleIdentity:
    """Name, version and root fingerprint of a sealed bundle."""

    name: str
    version: str
    fingerprint: str

    def to_json(self) -> dict[str, str]:
        """Return the identity as plain JSON."""
        return {"name": self.name, "version": self.version, "fingerprint": self.fingerprint}

    @classmethod
    def from_json(cls, data: JsonMapping) -> BundleIdentity:
        """Read the identity out of an object that may hold more; ``KeyError`` without it."""
        return cls(data["name"], data["version"], data["fingerprint"])
