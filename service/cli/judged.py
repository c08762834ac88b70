"""The guard before a command reads bundles in its own process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from guards.integrity.requirements import NO_REQUIREMENTS
from service.lifecycle.judging import Question, judge
from service.settings import PREFIX, allowance_of, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from guards.integrity.requirements import Requirements

__all__ = ["judged_roots", "require_judged"]


def require_judged(
    bundles: Sequence[Path], requirements: Requirements = NO_REQUIREMENTS
) -> list[Requirements]:
    """Judge bundles in a child process, and return for each what lets only that one be opened.

    Raises ``GuardRefused`` for the first that did not pass.
    """
    roots = _roots([Question(str(bundle), requirements) for bundle in bundles])
    return [requirements.for_judged(root) for root in roots]


def judged_roots(bundles: Sequence[Path]) -> list[str]:
    """Compare bundles with their manifests in a child process, and return their fingerprints.

    Nothing is loaded, so that also a bundle that no installed library can run may be looked at.
    Raises ``GuardRefused`` for the first that differs.
    """
    return _roots([Question(str(bundle), opens=False) for bundle in bundles])


def _roots(questions: Sequence[Question]) -> list[str]:
    # Only the guard's own settings count here: no champion has to be named.
    ours = {name: value for name, value in os.environ.items() if name.startswith(f"{PREFIX}GUARD_")}
    settings = read_settings({**ours, f"{PREFIX}CHAMPION": questions[0].path})
    return [
        judgement.passed().fingerprint for judgement in judge(questions, allowance_of(settings))
    ]
