"""Finishing the accepted requests, and the final account in the log."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from guards.events.service_events import ChallengerAccount, ServiceStopped

if TYPE_CHECKING:
    from service.lifecycle.assembly import Champion
    from service.settings import Settings
    from service.telemetry.log import EventLog

__all__ = ["finish"]

_QUEUE_S = 30.0
"""Seconds to wait for queued documents, where no deadline is longer."""


async def finish(champion: Champion, settings: Settings, log: EventLog) -> None:
    """Answer what is queued, drain the challengers, flush, judge, log ``service.stopped``."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(champion.scheduler.emptied(), max(_QUEUE_S, settings.deadline_s))
    await asyncio.gather(
        *(challenger.drain(settings.shadow_drain_s) for challenger in champion.challengers)
    )
    await asyncio.to_thread(champion.fork_server.close)
    champion.classification.stop()
    await asyncio.to_thread(champion.scheduler.stop)
    champion.recorder.flush()
    await champion.recorder.report()
    if champion.webhook is not None:
        await asyncio.to_thread(champion.webhook.close)
    log.emit(_account(champion, log))


def _account(champion: Champion, log: EventLog) -> ServiceStopped:
    recorder, mirror = champion.recorder, champion.recorder.mirror
    return ServiceStopped(
        observed=recorder.documents,
        flushed=recorder.flushed_documents,
        coverage=mirror.total(),
        challengers=tuple(
            ChallengerAccount(challenger.id, mirror.coverage(challenger))
            for challenger in champion.challengers
        ),
        lost_log_lines=dict(log.lost),
    )
