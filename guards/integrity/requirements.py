"""What an operator requires of a bundle, beyond being what was sealed."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["NO_REQUIREMENTS", "Policy", "Requirements", "trust_options"]

Policy = Literal["probed", "exact", "allow"]
"""What other library versions lead to.

``probed``: they pass when the probes do. ``exact``: they are refused. ``allow``: where versions
differ, probes that answer otherwise are recorded and not refused.
"""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the operator requires; by default only the environment policy ``probed``.

    ``pin`` is the root fingerprint that the bundle must have. ``signature_keys`` are the paths of
    public keys, one of which must have signed the bundle. ``trusted`` are exact globals
    (``module.Class``) that the bundle may load where its manifest names them too. ``judged`` is the
    root fingerprint of the bundle that the guard has passed in another process: any other is
    refused before a part of it is read. ``bound`` names the engines whose graphs were compared with
    the weights there, which takes seconds for a large network and is not repeated. The
    engines of ``left_out`` are neither judged nor loaded: they are about to be replaced.
    """

    environment: Policy = "probed"
    pin: str | None = None
    signature_keys: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    judged: str | None = None
    bound: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def for_judged(self, root: str, bound: Iterable[str] = ()) -> Self:
        """Return the same requirements of the bundle that has passed them in another process."""
        return replace(self, judged=root, bound=tuple(bound))

    def kept(self, engines: Iterable[str]) -> list[str]:
        """Return the engines that are not left out."""
        return [engine for engine in engines if engine not in self.left_out]

    def to_json(self) -> JsonObject:
        """Return the requirements as JSON, for a process that verifies the bundle itself."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonMapping) -> Requirements:
        """Read what ``to_json`` returned."""
        lists = {name: tuple(value) for name, value in data.items() if isinstance(value, list)}
        return cls(**{**data, **lists})


NO_REQUIREMENTS = Requirements()


def trust_options(names: Iterable[str]) -> str:
    """Return the options that confirm these globals, to be pasted into a command."""
    return " ".join(f"--trust {shlex.quote(name)}" for name in names)
