"""What an operator asks of a bundle, beyond being what it was when it was sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Demands", "Policy"]

Policy = Literal["probed", "exact", "allow"]
"""What other library versions lead to.

``probed``: they pass when the probes do. ``exact``: they are refused. ``allow``: where versions
differ, probes that answer otherwise are recorded and not refused.
"""


@dataclass(frozen=True, slots=True)
class Demands:
    """What the operator demands; by default nothing but the environment policy ``probed``.

    ``pin`` is the root fingerprint that the bundle must have. ``signature_keys`` are the paths of
    public keys, one of which must have signed the bundle. ``trusted`` are exact globals
    (``module.Class``) that the bundle may load where its manifest names them too.
    """

    environment: Policy = "probed"
    pin: str | None = None
    signature_keys: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the demands as plain JSON, for a process that judges the bundle itself."""
        return {
            "environment": self.environment,
            "pin": self.pin,
            "signature_keys": list(self.signature_keys),
            "trusted": list(self.trusted),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Demands:
        """Read what ``to_json`` gave."""
        return cls(
            cast("Policy", data["environment"]),
            data["pin"],
            tuple(data["signature_keys"]),
            tuple(data["trusted"]),
        )
