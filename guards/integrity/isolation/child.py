"""The child's side: jobs come on standard input, answers leave on standard output, a line each."""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from typing import TYPE_CHECKING

from guards.integrity.isolation.audit import refuse_side_effects
from guards.integrity.isolation.deaths import failure
from guards.integrity.isolation.enforcement import enforce
from guards.integrity.isolation.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import TextIOWrapper

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["JOB_BEGINS", "answer_jobs"]

JOB_BEGINS = b"\0"
"""Stands on standard error before what is said of a job."""

_INPUT, _OUTPUT, _ERRORS = 0, 1, 2


def answer_jobs(
    prepare: Callable[[Sequence[JsonMapping]], None], work: Callable[[JsonMapping], JsonObject]
) -> None:
    """Answer every job of this process, under its limits.

    ``prepare`` is called once with all of the jobs' work, and imports what it needs: that is
    neither limited nor counted. ``work`` is then called with each; whatever it raises becomes a
    finding.
    """
    jobs, answers = _take_streams()
    prepare([job["work"] for job in jobs])
    refuse_side_effects()
    _write(answers, {"ready": True})
    for job in jobs:
        gc.collect()
        os.write(_ERRORS, JOB_BEGINS)
        limits = Limits.from_json(job["limits"])
        enforce(limits)
        _write(answers, _answer(job["path"], limits, job["work"], work))


def _answer(
    path: str,
    limits: Limits,
    job: JsonMapping,
    work: Callable[[JsonMapping], JsonObject],
) -> JsonObject:
    try:
        return {"answer": work(job)}
    # Also what is no Exception: a panic of a Rust library, an exit or interrupt that a library
    # raises. A signal from the terminal does not reach this process.
    except BaseException as error:  # noqa: BLE001
        return {"finding": failure(path, limits, error).to_json()}


def _take_streams() -> tuple[list[JsonMapping], TextIOWrapper]:
    """Read the jobs, keep the pipe of the answers, and leave to libraries neither of the two.

    Standard input is empty from then on, and what is printed goes to standard error.
    """
    jobs: list[JsonMapping] = json.loads(sys.stdin.readline())
    _end_with(os.dup(_INPUT))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _INPUT)
    os.close(nothing)
    answers = os.fdopen(os.dup(_OUTPUT), "w", encoding="ascii")
    os.dup2(_ERRORS, _OUTPUT)
    return jobs, answers


def _end_with(parents_pipe: int) -> None:
    """End this process when the parent has ended, which closes its side of the pipe."""

    def wait() -> None:
        while os.read(parents_pipe, 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _write(answers: TextIOWrapper, message: JsonObject) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()
