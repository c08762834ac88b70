"""A stop, once no request is accepted: what was accepted is finished, within the time for it.

An orchestrator may kill the service before that time is over, so the account and all lines come
first, as far as they are known.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, TypeVar

from guards.events.service_events import ChallengerAccount, ServiceStopped, ServiceStopping

if TYPE_CHECKING:
    from service.lifecycle.assembly import Champion
    from service.settings import Settings
    from service.telemetry.log import EventLog

__all__ = ["account_so_far", "finish"]

_QUEUE_S = 30.0
"""Seconds to wait for queued documents, where no deadline is longer."""

_LAST_S = 2.0
"""Seconds of a stop that are left for its last steps: ending processes, the window, the account."""

_Account = TypeVar("_Account", ServiceStopping, ServiceStopped)


def account_so_far(champion: Champion, log: EventLog) -> None:
    """Write lines of all that was answered until now, the live window, and the account of it."""
    champion.recorder.write_ahead()
    log.emit(_account(ServiceStopping, champion, log))


async def finish(champion: Champion, settings: Settings, log: EventLog, ends_s: float) -> None:
    """Answer what is queued, drain the challengers, flush, judge, log ``service.stopped``.

    ``ends_s`` is on ``time.monotonic``.
    """

    def left_s(longest_s: float) -> float:
        return max(0.0, min(longest_s, ends_s - _LAST_S - time.monotonic()))

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(left_s(max(_QUEUE_S, settings.deadline_s))):
            await champion.scheduler.emptied()
    account_so_far(champion, log)
    drain_s = left_s(settings.shadow_drain_s)
    await asyncio.gather(*(challenger.drain(drain_s) for challenger in champion.challengers))
    await asyncio.to_thread(champion.fork_server.close)
    champion.classification.stop()
    await asyncio.to_thread(champion.scheduler.stop)
    champion.recorder.flush()
    await champion.recorder.report()
    if champion.webhook is not None:
        await asyncio.to_thread(champion.webhook.close)
    log.emit(_account(ServiceStopped, champion, log))


def _account(kind: type[_Account], champion: Champion, log: EventLog) -> _Account:
    recorder, mirror = champion.recorder, champion.recorder.mirror
    return kind(
        observed=recorder.documents,
        flushed=recorder.flushed_documents,
        coverage=mirror.total(),
        challengers=tuple(
            ChallengerAccount(challenger.id, mirror.coverage(challenger))
            for challenger in champion.challengers
        ),
        lost_log_lines=dict(log.lost),
    )
