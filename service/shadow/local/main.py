"""A challenger's own process: ``python -m service.shadow.local.main BUNDLE OPTIONS``.

It reads documents from standard input and writes answers to standard output, one frame each,
until its input ends. It starts at normal priority, because at idle priority the imports alone would
take minutes on a busy machine, and drops to idle priority once it can answer. It runs as many lanes
as the engine has, so that it can use every core that the champion leaves idle.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from guards.errors import GuardRefused
from guards.integrity.requirements import Requirements
from service.diagnostics import make_diagnostics_printable
from service.importing import uncollected
from service.shadow.local import wire
from service.shadow.local.handshake import WorkerInfo
from service.shadow.local.priority import drop_priority

if TYPE_CHECKING:
    from io import BufferedWriter

    from artifacts.bundle.opening import Bundle
    from guards.json_types import JsonMapping
    from service.engines import Engine

__all__ = ["main"]


def main(bundle_path: str, options: str) -> None:
    """Verify and load the bundle, send the ``WorkerInfo``, and answer until the input ends.

    ``options`` is a JSON object with the requirements of the bundle and the setting of the engine.
    """
    # A stop signals every process of the service at once. This one ends when its input does, so
    # that it can still answer the documents that it has received.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _take_standard_output()
    make_diagnostics_printable()
    try:
        bundle, engine = _start(Path(bundle_path), json.loads(options))
    except GuardRefused as refusal:
        _send(answers, {"refused": [finding.to_json() for finding in refusal.findings]})
        return
    from service.shadow.local.worker import Worker  # noqa: PLC0415 (its imports come with the bundle)

    requests = os.fdopen(sys.stdin.fileno(), "rb", closefd=False)
    worker = Worker(bundle, engine, requests, answers)
    info = _info(bundle, engine, drop_priority())
    _send(answers, {"info": info.to_json()})
    worker.answer_until_the_end(info.lanes)


def _take_standard_output() -> BufferedWriter:
    """Reserve the pipe for frames, and send what libraries print to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _start(path: Path, options: JsonMapping) -> tuple[Bundle, Engine]:
    with uncollected():
        from artifacts.bundle.opening import open_bundle  # noqa: PLC0415 (torch comes after the signals are set)
        from service.engines.choosing import choose  # noqa: PLC0415 (likewise)

    bundle = open_bundle(path, Requirements.from_json(options["requirements"]))
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


if __name__ == "__main__":
    main(*sys.argv[1:])
