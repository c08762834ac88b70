"""Makes the challengers that the settings name."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from guards.bundle.layout import MANIFEST
from guards.events.events import Variant
from guards.evidence.pair import ChallengerId
from service.shadow.local.challenger import LocalChallenger
from service.shadow.local.handshake import WorkerConfig

if TYPE_CHECKING:
    from guards.bundle.manifest import Manifest
    from service.settings import Settings
    from service.shadow.interface import Challenger

__all__ = ["ConfiguredChallenger", "configured_challengers"]


@dataclass(frozen=True, slots=True)
class ConfiguredChallenger:
    """A challenger of the settings: its id, its bundle, and what its manifest says it is.

    ``fingerprint`` is None where the manifest cannot be read; the challenger's own process
    verifies the bundle.
    """

    id: ChallengerId
    bundle: Path
    fingerprint: str | None

    def variant(self, engine: str) -> Variant:
        """Return what ``service.started`` says of it; ``engine`` is the setting."""
        return Variant(self.id.name, self.id.version, self.fingerprint, engine, self.id.ordinal)

    def make(self, settings: Settings, champion: Manifest) -> Challenger:
        """Make the challenger that is compared with this champion."""
        config = WorkerConfig(
            requirements=settings.requirements("challenger"),
            max_waiting=settings.shadow_queue,
            timeout_s=settings.shadow_timeout_s,
            engine=settings.engine,
            preprocessing=champion.preprocessing.fingerprint,
            labels=tuple(champion.labels),
        )
        return LocalChallenger(self.id, self.bundle, config)


def configured_challengers(settings: Settings) -> list[ConfiguredChallenger]:
    """Return the challengers in the order of the settings, with an id for each."""
    ordinals: Counter[tuple[str, str]] = Counter()
    challengers = []
    for path in map(Path, settings.challengers):
        name, version, fingerprint = _manifest_identity(path)
        ordinals[name, version] += 1
        challenger = ChallengerId(name, version, ordinals[name, version])
        challengers.append(ConfiguredChallenger(challenger, path, fingerprint))
    return challengers


def _manifest_identity(path: Path) -> tuple[str, str, str | None]:
    """Read name, version and fingerprint, unverified; the path's own names where that fails."""
    resolved = path.resolve()
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        return str(manifest["name"]), str(manifest["version"]), str(manifest["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return resolved.parent.name, resolved.name, None
