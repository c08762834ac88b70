"""What a challenger's own process does.

It reads documents from one pipe and writes answers to another, one frame each, until its input
ends. A process that is started with the service loads its bundle at normal priority, so that both
are ready soon, and drops to idle priority once it can answer; one that is started again has idle
priority from the beginning. It runs as many lanes as the engine has, so that it can use every core
that the champion leaves idle.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from guards.errors import GuardRefused
from guards.integrity.requirements import Requirements
from service.shadow.local import wire
from service.shadow.local.handshake import WorkerInfo
from service.shadow.local.priority import drop_priority

if TYPE_CHECKING:
    from io import BufferedReader, BufferedWriter

    from artifacts.bundle.opening import Bundle
    from guards.json_types import JsonMapping
    from service.engines import Engine

__all__ = ["answer_requests"]


def answer_requests(requests: BufferedReader, answers: BufferedWriter) -> None:
    """Verify and load a bundle, send the ``WorkerInfo``, and answer until the input ends.

    The first message is an object with the path of the ``bundle``, the ``requirements`` that it
    must meet, the setting of the ``engine``, and whether to have ``idle`` priority from now on.
    """
    options = wire.read(requests)
    if options is None:
        return
    # Torch is imported with the bundle: whoever forks this process has done it already.
    from service.shadow.local.worker import Worker  # noqa: PLC0415

    if options["idle"]:
        drop_priority()
    try:
        bundle, engine = _load(options)
    except GuardRefused as refusal:
        _send(answers, {"refused": [finding.to_json() for finding in refusal.findings]})
        return
    worker = Worker(bundle, engine, requests, answers)
    info = _info(bundle, engine, drop_priority())
    _send(answers, {"info": info.to_json()})
    worker.answer_until_the_end(info.lanes)


def _load(options: JsonMapping) -> tuple[Bundle, Engine]:
    from artifacts.bundle.opening import open_bundle  # noqa: PLC0415 (it imports torch)
    from service.engines.choosing import choose  # noqa: PLC0415 (likewise)

    requirements = Requirements.from_json(options["requirements"])
    bundle = open_bundle(Path(options["bundle"]), requirements)
    return bundle, choose(bundle, options["engine"]).engine


def _info(bundle: Bundle, engine: Engine, priority: str) -> WorkerInfo:
    return WorkerInfo(
        **bundle.identity.to_json(),
        preprocessing=bundle.manifest.preprocessing.fingerprint,
        labels=bundle.labels,
        engine=engine.name,
        lanes=engine.lanes,
        priority=priority,
        reference=bundle.reference,
    )


def _send(answers: BufferedWriter, message: JsonMapping) -> None:
    answers.write(wire.encode(message))
    answers.flush()
