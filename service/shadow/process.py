"""A challenger's own process: ``python -m service.shadow.process BUNDLE DEMANDS``.

It reads documents from standard input and writes answers to standard output, one frame each,
until its input ends. It starts at normal priority, because at the idle class importing alone would
take minutes on a busy machine, and drops once it can answer.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from guards.errors import GuardRefused
from guards.integrity.demands import Demands
from service.shadow import frames
from service.shadow.priority import drop_priority

if TYPE_CHECKING:
    from artifacts.opening import Bundle
    from service.engines import Engine

__all__ = ["main"]


def main(bundle_path: str, demands: str) -> None:
    """Judge and load the bundle, say hello, and answer until the input ends.

    ``demands`` is the JSON of what is demanded of the bundle.
    """
    # A stop reaches every process of the service at once; this one ends when its input does, so
    # that the documents it was handed can still be answered.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _take_standard_output()
    try:
        bundle, engine = _start(Path(bundle_path), Demands.from_json(json.loads(demands)))
    except GuardRefused as refusal:
        _send(answers, {"refused": [finding.to_json() for finding in refusal.findings]})
        return
    hello = {
        **bundle.identity,
        "labels": list(bundle.labels),
        "engine": engine.name,
        "reference": bundle.reference.to_json(),
        "priority": drop_priority(),
    }
    _send(answers, {"hello": hello})
    while (request := frames.read(sys.stdin.buffer)) is not None:
        _send(answers, {"id": request["id"], **_answer(bundle, engine, request)})


def _take_standard_output() -> BinaryIO:
    """Keep the pipe for frames alone: whatever a library prints goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _start(path: Path, demands: Demands) -> tuple[Bundle, Engine]:
    from artifacts.opening import open_bundle  # noqa: PLC0415 (torch comes after the signals are set)
    from service.engines.torch import TorchEngine  # noqa: PLC0415

    bundle = open_bundle(path, demands)
    engine = TorchEngine(bundle)
    engine.warm_up()
    return bundle, engine


def _answer(bundle: Bundle, engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    try:
        preprocessing = bundle.preprocessing
        row, problems = preprocessing.schema.canonical(request["features"])
        if problems:
            return {"error": "the document does not fit this bundle's schema"}
        encodings = preprocessing.encode([request["text"]], [row])
        probabilities = engine.probabilities(encodings)[0]
    except Exception as error:  # noqa: BLE001 (one document fails, the process goes on)
        return {"error": type(error).__name__}
    return {
        "probabilities": [float(value) for value in probabilities],
        "infer_s": time.monotonic() - started,
    }


def _send(answers: BinaryIO, message: dict[str, Any]) -> None:
    answers.write(frames.encode(message))
    answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
