"""Judging in the test's own process: the same answers as the child's, without its imports."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guards.bundle.sealed_files import read_sealed
from guards.errors import GuardRefused
from guards.integrity.isolation.deaths import failure
from service.lifecycle import judging, judging_child
from service.lifecycle.judging import Judgement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guards.errors import Finding
    from guards.integrity.isolation.parent import Job
    from guards.json_types import JsonObject
    from service.settings import Settings

__all__ = ["judging_here", "passed"]


def _run_here(
    command: Sequence[str], environment: Mapping[str, str], jobs: Sequence[Job]
) -> Iterator[JsonObject | Finding]:
    """Answer what a child would be asked."""
    del command, environment
    for job in jobs:
        try:
            yield judging_child.answer(job.work)
        except Exception as error:  # noqa: BLE001 (as the child does)
            yield failure(job.path, job.limits, error)


@contextlib.contextmanager
def judging_here() -> Iterator[None]:
    """Judge without a child process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "run_jobs", _run_here)
        yield


def passed(settings: Settings) -> list[Judgement] | None:
    """Return what the guard says of sound bundles; None where one is not even whole."""
    try:
        return [
            Judgement(path, identity=read_sealed(Path(path)).manifest.identity)
            for path in (str(settings.champion), *settings.challengers)
        ]
    except GuardRefused:
        return None
