"""The state of the service as one JSON document: ``/v1/status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.events.moments import rfc3339
from service.lifecycle.state import State

if TYPE_CHECKING:
    from artifacts.bundle.rechecking import Rechecker
    from guards.json_types import JsonObject
    from service.lifecycle.assembly import Champion
    from service.lifecycle.runtime import Runtime
    from service.shadow.interface import Challenger
    from service.shadow.mirror import Mirror

__all__ = ["status_of"]


def status_of(runtime: Runtime) -> JsonObject:
    """Return the status; before the champion is loaded, its fields are null, zero or empty."""
    return {
        "replica": runtime.settings.replica,
        "run": runtime.run,
        "ready": runtime.ready,
        "state": runtime.state,
        "draining": runtime.state == State.DRAINING,
        **(_without_champion() if runtime.champion is None else _with_champion(runtime.champion)),
        "verdict": None,
        "lost_log_lines": runtime.log.lost_lines,
    }


def _without_champion() -> JsonObject:
    return {
        "documents": 0,
        "flushed_documents": 0,
        "engine_cpu_s": 0.0,
        "inputs": {},
        "champion": None,
        "challengers": [],
        "coverage": None,
        "confidence": None,
        "reference_confidence": None,
        "drift": {},
        "window": None,
        "guard": None,
    }


def _with_champion(champion: Champion) -> JsonObject:
    recorder, mirror = champion.recorder, champion.recorder.mirror
    window = recorder.windows.latest()
    return {
        "documents": recorder.documents,
        "flushed_documents": recorder.flushed_documents,
        "engine_cpu_s": champion.scheduler.engine_cpu_s,
        "inputs": recorder.inputs.get(),
        "champion": champion.variant.to_json(),
        "challengers": [_challenger(mirror, challenger) for challenger in champion.challengers],
        "coverage": mirror.total().to_json(),
        "confidence": recorder.confidence,
        "reference_confidence": champion.reference_confidence,
        "drift": {
            name: {**score.to_json(), "alarm": None} for name, score in window.scores.items()
        },
        "window": window.bounds(),
        "guard": {
            **_rechecked(champion.rechecker),
            "environment_differences": champion.environment_differences,
            "tolerated": [finding.to_json() for finding in champion.bundle.tolerated],
        },
    }


def _rechecked(rechecker: Rechecker) -> JsonObject:
    at = rechecker.rechecked_at
    return {
        "passed": not rechecker.findings,
        "findings": [finding.to_json() for finding in rechecker.findings],
        "rechecks": rechecker.rechecks,
        "rechecked_at": None if at is None else rfc3339(at),
    }


def _challenger(mirror: Mirror, challenger: Challenger) -> JsonObject:
    counters = mirror.counters[challenger.id]
    return {
        **challenger.id.to_json(),
        **challenger.status().to_json(),
        "coverage": mirror.coverage(challenger).to_json(),
        "agreement": counters.agreement,
        "confidence": counters.confidence,
    }
