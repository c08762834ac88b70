"""Puts the champion's side together: the verified bundle, its engine, scheduler and recorder.

Importing this module imports torch; the runtime does so off the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from artifacts.bundle.code_commit import code_commit
from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.bundle.rechecking import Rechecker
from guards.drift.embedding import EMBEDDING_FEATURES
from guards.drift.feature_reference import NumericReference
from guards.drift.features import ANSWER, input_names
from guards.events.service_events import ServiceStarted, Variant
from guards.integrity.environment import environment_differences, installed_environment
from guards.integrity.isolation.enforcement import available
from service.classification import Classification
from service.engines.choosing import Choice, choose
from service.lifecycle.challengers import ConfiguredChallenger, configured_challengers
from service.lifecycle.memory import available_memory_bytes
from service.lifecycle.roles import costs_of
from service.observation.alerts import Alerts
from service.observation.log_line import LogLines
from service.observation.recorder import Recorder, RecorderParts
from service.observation.run_evidence import RunEvidence
from service.observation.segment_alarms import segments_not_watched
from service.observation.verdicts import Verdicts
from service.observation.windows import Windows
from service.processors import processors
from service.scheduling.scheduler import Scheduler
from service.settings import requirements_of
from service.shadow.local.fork_server import ForkServer
from service.shadow.mirror import Mirror
from service.telemetry.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.drift.embedding import EmbeddingMap
    from guards.json_types import JsonObject
    from service.lifecycle.judging import Judgement
    from service.settings import Settings
    from service.shadow.interface import Challenger
    from service.telemetry.log import EventLog
    from service.telemetry.metrics import Metrics

__all__ = ["Champion", "assemble", "started_event"]


@dataclass(frozen=True, slots=True)
class Champion:
    """The champion, ready to answer, and what records its answers."""

    bundle: Bundle
    choice: Choice
    scheduler: Scheduler
    recorder: Recorder
    webhook: Webhook | None
    classification: Classification
    rechecker: Rechecker
    configured: Sequence[ConfiguredChallenger]
    """The challengers of the settings, as their manifests named them when they were made."""
    fork_server: ForkServer
    environment_differences: Mapping[str, tuple[str, str]]
    """Each library whose version differs from the sealed one, to (sealed, installed)."""

    @property
    def variant(self) -> Variant:
        """Name, version, fingerprint and engine."""
        identity = self.bundle.identity
        engine = self.choice.engine.name
        return Variant(identity.name, identity.version, identity.fingerprint, engine)

    @property
    def challengers(self) -> Sequence[Challenger]:
        """The challengers that its documents are mirrored to."""
        return self.recorder.mirror.challengers

    @property
    def columns(self) -> str | None:
        """What transforms the columns: ``compiled``, ``scikit-learn``, or None without any."""
        columns = self.bundle.preprocessing.columns
        if columns is None:
            return None
        return "compiled" if columns.compiled else "scikit-learn"

    @property
    def not_watched(self) -> tuple[str, ...]:
        """What this bundle and engine cannot tell, in words."""
        lacks = (*self.bundle.reference.lacks, segments_not_watched(self.bundle.reference))
        if _embedding(self.bundle, self.choice) is None:
            engine = self.choice.engine.name
            lacks = (*lacks, f"where texts lie among those of training, with engine {engine}")
        return lacks

    @property
    def reference_confidence(self) -> float | None:
        """The champion's mean confidence on its held-out rows."""
        confidence = self.bundle.reference.features[f"{ANSWER}.confidence"]
        return confidence.mean if isinstance(confidence, NumericReference) else None


def assemble(
    settings: Settings,
    run: str,
    log: EventLog,
    metrics: Metrics,
    judged: Sequence[Judgement],
) -> Champion:
    """Load and warm up the champion that was judged, and make its challengers.

    ``judged`` are the judgements of ``judge_roles``. Raises ``GuardRefused``.
    """
    bundle = _open(settings, judged[0])
    choice = choose(bundle, settings.engine)
    configured = configured_challengers(judged[1:])
    fork_server = ForkServer()
    challengers = [
        challenger.make(settings, bundle.manifest, fork_server) for challenger in configured
    ]
    evidence = RunEvidence(
        [challenger.id for challenger in challengers], settings.policy.guarded_segments
    )
    schema = bundle.preprocessing.schema
    webhook = None if settings.alert_webhook is None else Webhook(settings.alert_webhook)
    embedding = _embedding(bundle, choice)
    names = (
        input_names(schema) if embedding is None else (*input_names(schema), *EMBEDDING_FEATURES)
    )
    windows = Windows(bundle.reference, names, schema.private, costs_of(settings, bundle.labels))
    recorder = Recorder(
        RecorderParts(
            windows=windows,
            alerts=Alerts(
                windows.alarms(len(challengers)),
                log,
                metrics,
                webhook,
            ),
            mirror=Mirror(challengers, settings.shadow_sample, np.random.default_rng()),
            verdicts=Verdicts(evidence, settings.policy, settings.ripe, metrics),
            lines=LogLines(
                run,
                bundle.identity,
                settings.capture,
                frozenset(schema.private),
                windows.reference,
                windows.watched.line_cells(settings.cells),
            ),
            log=log,
            metrics=metrics,
            flush_documents=settings.flush_documents,
        )
    )
    scheduler = Scheduler(
        choice.engine,
        settings.max_queue,
        bundle.preprocessing.truncation.max_tokens,
        embedding,
    )
    return Champion(
        bundle=bundle,
        choice=choice,
        scheduler=scheduler,
        recorder=recorder,
        webhook=webhook,
        classification=Classification(bundle, scheduler, recorder),
        rechecker=Rechecker(bundle),
        configured=configured,
        fork_server=fork_server,
        environment_differences=environment_differences(bundle.manifest.environment),
    )


def _embedding(bundle: Bundle, choice: Choice) -> EmbeddingMap | None:
    """Return the map of the embedding; None where it was not made with the engine in use.

    Engines round differently, which would look like drift.
    """
    embedding = bundle.reference.embedding
    if embedding is None or not choice.engine.embeds:
        return None
    return embedding if embedding.engine == choice.engine.name else None


def _open(settings: Settings, judgement: Judgement) -> Bundle:
    """Open the champion that has passed the guard, and no other."""
    requirements = judgement.narrow(requirements_of(settings, "champion"))
    return open_bundle(Path(judgement.path), requirements)


def started_event(champion: Champion, settings: Settings) -> ServiceStarted:
    """Return the event that tells what serves, on what, with which settings."""
    challengers = [challenger.variant(settings.engine) for challenger in champion.configured]
    return ServiceStarted(
        champion=champion.variant,
        challengers=tuple(challengers),
        engine=champion.choice.to_json(),
        columns=champion.columns,
        environment=_environment(),
        git_commit=code_commit(Path(__file__).parent),
        environment_differences=champion.environment_differences,
        tolerated=champion.bundle.tolerated,
        guard={"limits": available()},
        not_watched=champion.not_watched,
        settings=settings.public(),
    )


def _environment() -> JsonObject:
    return {
        "libraries": installed_environment(),
        "cpu": {
            **processors().to_json(),
            "capability": torch.backends.cpu.get_cpu_capability(),
        },
        "memory": {"limit_bytes": available_memory_bytes()},
    }
