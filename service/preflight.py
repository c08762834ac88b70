"""The guard before the port opens: ``python -m service.preflight``, a process of its own.

It judges every bundle that the settings name and exits with 0 or 78, or with 2 where a setting
names a key that is none. A process of its own, because judging a bundle imports torch, which would
otherwise stay in the supervisor for good.
"""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from artifacts.opening import open_bundle
from guards.errors import CallError, GuardRefused
from service.engines.choosing import AUTO, choose
from service.settings import Settings, read_settings
from service.telemetry.events import Event
from service.telemetry.log import EventLog

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["judge", "main"]

_REFUSED = 78
_WRONG_CALL = 2
_CLOSE_S = 5.0


def judge(settings: Settings) -> Iterator[tuple[str, GuardRefused]]:
    """Yield ``(role, refusal)`` for each bundle that the guard refuses."""
    named = [("champion", str(settings.champion))]
    named += [("challenger", challenger) for challenger in settings.challengers]
    for role, path in named:
        try:
            bundle = open_bundle(Path(path), settings.demands(role))
            if settings.engine != AUTO:
                choose(bundle, settings.engine)
        except GuardRefused as refusal:
            yield role, refusal


def main() -> int:
    """Judge the bundles, write what is refused to the log, and give the exit code."""
    settings = read_settings()
    try:
        refusals = list(judge(settings))
    except CallError as error:
        sys.stderr.write(f"understudy: {error}\n")
        return _WRONG_CALL
    for role, refusal in refusals:
        sys.stderr.write(f"understudy: {role} {refusal}\n")
    fatal = [
        (role, refusal)
        for role, refusal in refusals
        if role == "champion" or not settings.challenger_optional
    ]
    if not fatal:
        return 0
    log = EventLog(settings.replica, uuid.uuid4().hex, stdout=1, path=settings.log_file)
    for role, refusal in fatal:
        log.emit(
            Event.GUARD_REFUSED,
            role=role,
            bundle=refusal.subject,
            findings=[finding.to_json() for finding in refusal.findings],
        )
    log.close(_CLOSE_S)
    return _REFUSED


if __name__ == "__main__":
    sys.exit(main())
