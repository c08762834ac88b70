"""The guard before a command reads bundles in its own process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from guards.integrity.requirements import NO_REQUIREMENTS
from service.lifecycle.judging import Question, judge
from service.setting_sources import CONFIG, PREFIX
from service.settings import allowance_of, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from guards.integrity.requirements import Requirements
    from service.lifecycle.judging import Judgement

__all__ = ["judged_roots", "require_judged"]


def require_judged(
    bundles: Sequence[Path], requirements: Requirements = NO_REQUIREMENTS
) -> list[Requirements]:
    """Judge bundles in a child process, and return for each what lets only that one be opened.

    Raises ``GuardRefused`` for the first that did not pass.
    """
    questions = [Question(str(bundle), requirements) for bundle in bundles]
    return [judgement.narrow(requirements) for judgement in _judge(questions)]


def judged_roots(bundles: Sequence[Path]) -> list[str]:
    """Compare bundles with their manifests in a child process, and return their fingerprints.

    Nothing is loaded, so that also a bundle that no installed library can run may be looked at.
    Raises ``GuardRefused`` for the first that differs.
    """
    questions = [Question(str(bundle), opens=False) for bundle in bundles]
    return [judgement.passed().fingerprint for judgement in _judge(questions)]


def _judge(questions: Sequence[Question]) -> Iterator[Judgement]:
    # Only the guard's own settings count here: no champion has to be named.
    ours = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(f"{PREFIX}GUARD_") or name == CONFIG
    }
    settings = read_settings({**ours, f"{PREFIX}CHAMPION": questions[0].path})
    return judge(questions, allowance_of(settings))
