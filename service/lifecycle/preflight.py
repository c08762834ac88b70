"""The guard before the port opens: every bundle of the settings is judged, in a child process."""

from __future__ import annotations

import sys
import uuid
from typing import TYPE_CHECKING

from guards.errors import GuardRefused
from guards.events.service_events import BundleRefused
from service.exit_codes import ExitCode
from service.lifecycle.memory import available_memory_bytes, check_memory
from service.lifecycle.roles import hand_over, judge_roles, role_of
from service.telemetry.log import EventLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from service.lifecycle.judging import Judgement
    from service.settings import Settings

__all__ = ["check_bundles", "refusals"]


def check_bundles(settings: Settings) -> ExitCode:
    """Judge the bundles, log the refusals, and return the exit code; 0 means that all may serve.

    Raises ``CallError`` where the bundles cannot be loaded into the memory that there is, and where
    a setting names what is not there: a file of ``SIGNATURE_KEYS`` that is not a public key, a
    class of ``GUARDRAILS`` that is none of the champion's labels, or a table of ``COST`` that does
    not have them.
    """
    if warning := check_memory(settings, available_memory_bytes()):
        sys.stderr.write(f"understudy: {warning}\n")
    judgements = judge_roles(settings)
    refused = list(refusals(judgements))
    for role, refusal in refused:
        sys.stderr.write(f"understudy: {role} {refusal}\n")
    fatal = [
        (role, refusal)
        for role, refusal in refused
        if role == "champion" or not settings.challenger_optional
    ]
    if not fatal:
        hand_over(judgements)
        return ExitCode.DONE
    log = EventLog(
        settings.replica,
        uuid.uuid4().hex,
        stdout=1,
        path=settings.log_file,
        private=settings.capture != "none",
    )
    for role, refusal in fatal:
        log.emit(BundleRefused(role, refusal.subject, refusal.findings))
    log.close()
    return ExitCode.GUARD_REFUSED


def refusals(judgements: Iterable[Judgement]) -> Iterator[tuple[str, GuardRefused]]:
    """Yield ``(role, refusal)`` for each bundle that did not pass."""
    for index, judgement in enumerate(judgements):
        if judgement.identity is None:
            yield role_of(index), GuardRefused(judgement.path, judgement.findings)
