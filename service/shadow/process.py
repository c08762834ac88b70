"""A challenger's own process: ``python -m service.shadow.process BUNDLE ORDERS``.

It reads documents from standard input and writes answers to standard output, one frame each,
until its input ends. It starts at normal priority, because at the idle class importing alone would
take minutes on a busy machine, and drops once it can answer. As many lanes as the engine has
answer side by side, so that every core which the champion leaves is used.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guards.errors import GuardRefused
from guards.integrity.demands import Demands
from service.shadow import frames
from service.shadow.priority import drop_priority
from service.shadow.terms import Hello

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedWriter

    from artifacts.opening import Bundle
    from service.engines import Engine

__all__ = ["main"]


def main(bundle_path: str, orders: str) -> None:
    """Judge and load the bundle, say hello, and answer until the input ends.

    ``orders`` is the JSON of what is demanded of the bundle, and of the engine's setting.
    """
    # A stop reaches every process of the service at once; this one ends when its input does, so
    # that the documents it was handed can still be answered.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _take_standard_output()
    try:
        bundle, engine = _start(Path(bundle_path), json.loads(orders))
    except GuardRefused as refusal:
        _say(answers, {"refused": [finding.to_json() for finding in refusal.findings]})
        return
    from service.shadow.desk import Desk  # noqa: PLC0415 (what it imports comes with the bundle)

    requests = os.fdopen(sys.stdin.fileno(), "rb", closefd=False)
    desk = Desk(bundle, engine, requests, answers)
    hello = _hello(bundle, engine, drop_priority())
    _say(answers, {"hello": hello.to_json()})
    desk.answer_until_the_end(hello.lanes)


def _take_standard_output() -> BufferedWriter:
    """Keep the pipe for frames alone: whatever a library prints goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _start(path: Path, orders: Mapping[str, Any]) -> tuple[Bundle, Engine]:
    from artifacts.opening import open_bundle  # noqa: PLC0415 (torch comes after the signals are set)
    from service.engines.choosing import choose  # noqa: PLC0415

    bundle = open_bundle(path, Demands.from_json(orders["demands"]))
    return bundle, choose(bundle, orders["engine"]).engine


def _hello(bundle: Bundle, engine: Engine, priority: str) -> Hello:
    return Hello(
        **bundle.identity,
        preprocessing=bundle.manifest.preprocessing.fingerprint,
        labels=bundle.labels,
        engine=engine.name,
        lanes=engine.lanes,
        priority=priority,
        reference=bundle.reference,
    )


def _say(answers: BufferedWriter, message: Mapping[str, Any]) -> None:
    answers.write(frames.encode(message))
    answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
