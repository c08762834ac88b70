"""The state of the service as JSON: ``/v1/status``, and the verdict alone: ``/v1/verdict``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.moments import rfc3339
from guards.text import listed
from service.errors import Malformed, NotFound, Unavailable
from service.lifecycle.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from artifacts.bundle.rechecking import Rechecker
    from guards.evidence.pair import ChallengerId
    from guards.json_types import JsonObject
    from service.lifecycle.assembly import Champion
    from service.lifecycle.runtime import Runtime
    from service.observation.judgement import Judgement
    from service.shadow.interface import Challenger
    from service.shadow.mirror import Mirror

__all__ = ["status_of", "verdict_of"]


async def status_of(runtime: Runtime) -> JsonObject:
    """Return the status; before the champion is loaded, its fields are null, zero or empty."""
    champion = runtime.champion
    judged = {} if champion is None else await champion.recorder.verdicts.review()
    return {
        "replica": runtime.settings.replica,
        "run": runtime.run,
        "ready": runtime.ready,
        "state": runtime.state,
        "draining": runtime.state == State.DRAINING,
        **(_without_champion() if champion is None else _with_champion(champion, judged)),
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
        "alarms": None,
        "performance": None,
        "window": None,
        "guard": None,
        "verdict": None,
    }


async def verdict_of(runtime: Runtime, name: str | None) -> JsonObject:
    """Return the verdict on the challenger of this name, or on the only one without a name.

    A name is ``NAME/VERSION``, or ``NAME/VERSION#ORDINAL`` where several challengers share them.
    Raises ``Unavailable`` before the champion is ready, ``NotFound`` where no challenger has the
    name, and ``Malformed`` where several could be meant.
    """
    champion = runtime.champion or runtime.accepting_champion()
    verdicts = champion.recorder.verdicts
    challenger = _named([challenger.id for challenger in champion.challengers], name)
    judgement = (await verdicts.review()).get(challenger)
    if judgement is None:
        message = f"there is no verdict on {challenger}: its evidence failed, see the diagnostics"
        raise Unavailable(message)
    return {
        "challenger": str(challenger),
        "replica": runtime.settings.replica,
        "run": runtime.run,
        "since": rfc3339(verdicts.evidence.since),
        "documents": judgement.compared,
        **judgement.verdict,
    }


def _named(challengers: Sequence[ChallengerId], name: str | None) -> ChallengerId:
    """Return the one challenger that a name means."""
    meant = [who for who in challengers if name in (None, f"{who.name}/{who.version}", _full(who))]
    if not meant:
        message = f"there is no such challenger; there are {listed(list(map(_full, challengers)))}"
        raise NotFound(message)
    if len(meant) > 1:
        several = "there are several challengers" if name is None else f"{name!r} means several"
        message = (
            f"{several}: name one of {listed(list(map(_full, meant)))} as the parameter "
            "'challenger', in which # is written %23"
        )
        raise Malformed(message)
    return meant[0]


def _full(challenger: ChallengerId) -> str:
    return f"{challenger.name}/{challenger.version}#{challenger.ordinal}"


def _with_champion(champion: Champion, judged: Mapping[ChallengerId, Judgement]) -> JsonObject:
    recorder, mirror = champion.recorder, champion.recorder.mirror
    challengers = [
        _challenger(mirror, challenger, judged.get(challenger.id))
        for challenger in champion.challengers
    ]
    window = recorder.windows.latest()
    return {
        "documents": recorder.documents,
        "flushed_documents": recorder.flushed_documents,
        "engine_cpu_s": champion.scheduler.engine_cpu_s,
        "inputs": recorder.inputs.get(),
        "champion": champion.variant.to_json(),
        "challengers": challengers,
        "coverage": mirror.total().to_json(),
        "confidence": recorder.confidence,
        "reference_confidence": champion.reference_confidence,
        "drift": {
            name: {**score.to_json(), "alarm": recorder.alerts.alarm_of(name)}
            for name, score in window.scores.items()
        },
        "alarms": recorder.alerts.status(),
        "performance": {**recorder.windows.estimates(), "realised": recorder.alerts.realised()},
        "window": window.bounds(),
        "guard": {
            **_rechecked(champion.rechecker),
            "environment_differences": champion.environment_differences,
            "tolerated": [finding.to_json() for finding in champion.bundle.tolerated],
        },
        "verdict": challengers[0]["verdict"] if challengers else None,
    }


def _rechecked(rechecker: Rechecker) -> JsonObject:
    at = rechecker.rechecked_at
    return {
        "passed": not rechecker.findings,
        "findings": [finding.to_json() for finding in rechecker.findings],
        "rechecks": rechecker.rechecks,
        "rechecked_at": None if at is None else rfc3339(at),
    }


def _challenger(mirror: Mirror, challenger: Challenger, judgement: Judgement | None) -> JsonObject:
    counters = mirror.counters[challenger.id]
    return {
        **challenger.id.to_json(),
        **challenger.status().to_json(),
        "coverage": mirror.coverage(challenger).to_json(),
        "agreement": counters.agreement,
        "confidence": counters.confidence,
        "confidence_shift": None if judgement is None else judgement.confidence_shift,
        "accuracy": None if judgement is None else judgement.accuracy,
        "labels": None if judgement is None else judgement.labels,
        "verdict": None if judgement is None else judgement.verdict,
    }
