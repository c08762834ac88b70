"""The guard before the port opens: ``python -m service.lifecycle.preflight``, a process of its own.

It verifies every bundle that the settings name and exits with 0 or 78, or with 2 where a file that
``SIGNATURE_KEYS`` names is not a public key, or a class of ``GUARDRAILS`` is none of the champion's
labels. It is a process of its own because verifying a bundle imports torch, which would otherwise
stay in the supervisor's memory.
"""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from artifacts.bundle.opening import open_bundle
from guards.errors import CallError, GuardRefused
from guards.events.events import BundleRefused
from guards.integrity.labels import disjoint_labels, labels_of_one
from guards.text import printable
from service.diagnostics import make_diagnostics_printable
from service.engines.choosing import choose
from service.exit_codes import ExitCode
from service.settings import AUTO, PREFIX, Settings, SettingsError, read_settings
from service.telemetry.log import EventLog

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifacts.bundle.opening import Bundle

__all__ = ["judge", "main"]


def judge(settings: Settings) -> Iterator[tuple[str, GuardRefused]]:
    """Yield ``(role, refusal)`` for each bundle that the guard refuses.

    Labels that only one of champion and challenger knows are named on standard error. Raises
    ``CallError`` where a setting names what is not there.
    """
    bundles = [("champion", str(settings.champion))]
    bundles += [("challenger", challenger) for challenger in settings.challengers]
    labels: Sequence[str] | None = None
    for role, path in bundles:
        try:
            bundle = open_bundle(Path(path), settings.requirements(role))
            if role == "champion":
                labels = bundle.labels
                _check_guardrails(settings, labels)
            elif labels is not None:
                _compare_labels(labels, bundle)
            if settings.engine != AUTO:
                choose(bundle, settings.engine)
        except GuardRefused as refusal:
            yield role, refusal


def _check_guardrails(settings: Settings, labels: Sequence[str]) -> None:
    try:
        settings.policy.check_classes(labels)
    except CallError as error:
        message = f"{PREFIX}GUARDRAILS: {error}"
        raise SettingsError(message) from None


def _compare_labels(champion: Sequence[str], challenger: Bundle) -> None:
    """Raise ``GuardRefused`` where no label is common, and note those that not both know."""
    path = str(challenger.path)
    if finding := disjoint_labels(champion, challenger.labels):
        raise GuardRefused(path, [finding])
    if note := labels_of_one(champion, challenger.labels):
        sys.stderr.write(f"understudy: challenger {printable(path)}: {note}\n")


def main() -> int:
    """Judge the bundles, log the refusals, and return the exit code."""
    make_diagnostics_printable()
    settings = read_settings()
    try:
        refusals = list(judge(settings))
    except CallError as error:
        sys.stderr.write(f"understudy: {error}\n")
        return ExitCode.WRONG_CALL
    for role, refusal in refusals:
        sys.stderr.write(f"understudy: {role} {refusal}\n")
    fatal = [
        (role, refusal)
        for role, refusal in refusals
        if role == "champion" or not settings.challenger_optional
    ]
    if not fatal:
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


if __name__ == "__main__":
    sys.exit(main())
