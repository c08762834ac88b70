"""Put the champion's side together: the verified bundle, its engine, its scheduler.

Importing this module imports torch; the runtime does so off the event loop.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from artifacts.opening import Bundle, open_bundle
from artifacts.sealing import code_commit
from guards.drift import NumericReference
from guards.drift.features import ANSWER
from guards.integrity.environment import environment_differences, installed_environment
from service.classification import Classification
from service.engines.choosing import Choice, choose
from service.observing import Observer
from service.rechecking import Rechecker
from service.scheduling import Scheduler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.settings import Settings
    from service.telemetry.log import EventLog
    from service.telemetry.metrics import Metrics

__all__ = ["Champion", "assemble", "environment", "git_commit"]


@dataclass(frozen=True, slots=True)
class Champion:
    """The champion, ready to answer."""

    bundle: Bundle
    choice: Choice
    scheduler: Scheduler
    observer: Observer
    classification: Classification
    rechecker: Rechecker
    environment_differences: Mapping[str, tuple[str, str]]
    """Each library whose version differs from the sealed one, to (sealed, installed)."""

    @property
    def identity(self) -> dict[str, str]:
        """Name, version, fingerprint and engine."""
        return {**self.bundle.identity, "engine": self.choice.engine.name}

    @property
    def columns(self) -> str | None:
        """What transforms the columns: ``compiled``, ``scikit-learn``, or None without any."""
        columns = self.bundle.preprocessing.columns
        if columns is None:
            return None
        return "compiled" if columns.compiled else "scikit-learn"

    def reference_confidence(self) -> float | None:
        """Give the champion's mean confidence on its held-out rows."""
        confidence = self.bundle.reference.features[f"{ANSWER}.confidence"]
        return confidence.mean if isinstance(confidence, NumericReference) else None


def assemble(settings: Settings, run: str, log: EventLog, metrics: Metrics) -> Champion:
    """Judge, load and warm up the champion; raises ``GuardRefused``."""
    bundle = open_bundle(Path(str(settings.champion)), settings.demands("champion"))
    choice = choose(bundle, settings.engine)
    observer = Observer(run, bundle, settings, log, metrics)
    scheduler = Scheduler(choice.engine, settings.max_queue, bundle.preprocessing.cut.most_tokens)
    return Champion(
        bundle=bundle,
        choice=choice,
        scheduler=scheduler,
        observer=observer,
        classification=Classification(bundle, scheduler, observer),
        rechecker=Rechecker(bundle),
        environment_differences=environment_differences(bundle.manifest.environment),
    )


def environment() -> dict[str, Any]:
    """Give library versions and processor capabilities, for ``service.started``."""
    return {
        "libraries": installed_environment(),
        "cpu": {
            "cores": _cores(),
            "capability": torch.backends.cpu.get_cpu_capability(),
        },
    }


def git_commit() -> str | None:
    """Give the commit that this code stands at, where it can be told."""
    return code_commit(Path(__file__).parent)


def _cores() -> int | None:
    # Not every platform can say how many this process may use.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
