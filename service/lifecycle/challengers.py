"""Makes the challengers that the settings name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from guards.events.service_events import Variant
from guards.evidence.pair import ChallengerId
from service.settings import requirements_of
from service.shadow.local.challenger import LocalChallenger
from service.shadow.local.handshake import WorkerConfig
from service.shadow.refused import RefusedChallenger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.bundle.manifest import Manifest
    from service.lifecycle.judging import Judgement
    from service.settings import Settings
    from service.shadow.interface import Challenger
    from service.shadow.local.fork_server import ForkServer

__all__ = ["ConfiguredChallenger", "configured_challengers"]


@dataclass(frozen=True, slots=True)
class ConfiguredChallenger:
    """A challenger of the settings: its id, and the judgement of its bundle."""

    id: ChallengerId
    judgement: Judgement

    def variant(self, engine: str) -> Variant:
        """Return what ``service.started`` says of it; ``engine`` is the setting."""
        identity = self.judgement.identity
        fingerprint = None if identity is None else identity.fingerprint
        return Variant(self.id.name, self.id.version, fingerprint, engine, self.id.ordinal)

    def make(self, settings: Settings, champion: Manifest, fork_server: ForkServer) -> Challenger:
        """Make the challenger that is compared with this champion."""
        identity = self.judgement.identity
        if identity is None:
            return RefusedChallenger(self.id, self.judgement.findings)
        config = WorkerConfig(
            bundle=Path(self.judgement.path),
            requirements=self.judgement.narrow(requirements_of(settings, "challenger")),
            max_waiting=settings.shadow_queue,
            timeout_s=settings.shadow_timeout_s,
            engine=settings.engine,
            preprocessing=champion.preprocessing.fingerprint,
        )
        return LocalChallenger(self.id, config, fork_server)


def configured_challengers(judgements: Iterable[Judgement]) -> list[ConfiguredChallenger]:
    """Return the challengers in the order of their judgements, with an id for each."""
    ordinals: Counter[tuple[str, str]] = Counter()
    challengers = []
    for judgement in judgements:
        name, version = _names(judgement)
        ordinals[name, version] += 1
        challenger = ChallengerId(name, version, ordinals[name, version])
        challengers.append(ConfiguredChallenger(challenger, judgement))
    return challengers


def _names(judgement: Judgement) -> tuple[str, str]:
    """Return name and version; of a bundle that was refused, those that its path ends in."""
    if judgement.identity is not None:
        return judgement.identity.name, judgement.identity.version
    path = Path(judgement.path).resolve()
    return path.parent.name, path.name
