"""The one JSON document that says how things are: ``/v1/status``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.telemetry.windows import rfc3339

if TYPE_CHECKING:
    from service.assembly import Champion
    from service.rechecking import Rechecker
    from service.runtime import Runtime
    from service.shadow.challenger import Challenger

__all__ = ["status_of"]


def status_of(runtime: Runtime) -> dict[str, Any]:
    """Give the status; what only a loaded champion has is null, zero or empty before."""
    return {
        "replica": runtime.settings.replica,
        "run": runtime.run,
        "ready": runtime.ready,
        "state": runtime.state,
        "draining": runtime.state == "draining",
        **(_before_the_champion() if runtime.champion is None else _with(runtime.champion)),
        "challengers": [_challenger(runtime, challenger) for challenger in runtime.challengers],
        "verdict": None,
        "lost_log_lines": runtime.log.lost_lines,
    }


def _before_the_champion() -> dict[str, Any]:
    return {
        "documents": 0,
        "flushed_documents": 0,
        "engine_cpu_s": 0.0,
        "inputs": {},
        "champion": None,
        "coverage": None,
        "confidence": None,
        "reference_confidence": None,
        "drift": {},
        "window": None,
        "guard": None,
    }


def _with(champion: Champion) -> dict[str, Any]:
    observer = champion.observer
    latest = observer.windows.latest()
    return {
        "documents": observer.documents,
        "flushed_documents": observer.flushed_documents,
        "engine_cpu_s": champion.scheduler.engine_cpu_s,
        "inputs": observer.inputs.get(),
        "champion": champion.identity,
        "coverage": observer.mirror.totals(),
        "confidence": observer.confidence,
        "reference_confidence": champion.reference_confidence(),
        "drift": {
            name: {**score.to_json(), "alarm": None} for name, score in latest.scores.items()
        },
        "window": latest.bounds(),
        "guard": {
            **_rechecked(champion.rechecker),
            "environment_differences": champion.environment_differences,
            "tolerated": [finding.to_json() for finding in champion.bundle.tolerated],
        },
    }


def _rechecked(rechecker: Rechecker) -> dict[str, Any]:
    at = rechecker.rechecked_at
    return {
        "passed": not rechecker.findings,
        "findings": [finding.to_json() for finding in rechecker.findings],
        "rechecks": rechecker.rechecks,
        "rechecked_at": None if at is None else rfc3339(at),
    }


def _challenger(runtime: Runtime, challenger: Challenger) -> dict[str, Any]:
    assert runtime.champion is not None  # noqa: S101 (challengers come after the champion)
    mirror = runtime.champion.observer.mirror
    books, hello = mirror.coverage[challenger.key], challenger.hello
    return {
        "name": challenger.name,
        "version": challenger.version,
        "fingerprint": hello.fingerprint if hello else None,
        "engine": hello.engine if hello else None,
        "priority": hello.priority if hello else None,
        "state": challenger.state,
        "restarts": challenger.restarts,
        "pid": challenger.pid,
        "coverage": mirror.balance(challenger),
        "agreement": books.agreement,
        "confidence": books.confidence,
    }
