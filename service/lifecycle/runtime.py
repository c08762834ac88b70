"""The lifecycle of one worker: start, serve, drain.

The supervisor imports this module too, so torch is not imported here.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
import uuid
from typing import TYPE_CHECKING

from guards.errors import GuardRefused
from guards.events.service_events import BundleRefused
from service.errors import Unavailable
from service.exit_codes import ExitCode
from service.lifecycle.draining import account_so_far, finish
from service.lifecycle.periodic import flush_regularly, recheck_until_changed
from service.lifecycle.signals import drain_before_stopping
from service.lifecycle.startup import start_champion
from service.lifecycle.state import State
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.lifecycle.assembly import Champion
    from service.lifecycle.judging import Judgement
    from service.settings import Settings

__all__ = ["Runtime"]

_GRACE_S = 1.0
"""Seconds that requests are still served after readiness is false: balancers poll this often."""

_RECHECK_S = 60.0

_logger = logging.getLogger("bentoml.understudy")


class Runtime:
    """Everything of one worker, from the settings to the last log line; used from one event loop.

    ``champion`` is None until it is loaded, and is kept when it no longer serves. ``when_refusing``
    is called once a stop refuses requests, before it waits for the accepted ones.
    """

    def __init__(
        self,
        settings: Settings,
        stop_service: Callable[[ExitCode], None],
        recheck_s: float = _RECHECK_S,
        judged: Sequence[Judgement] | None = None,
    ) -> None:
        """Open the log; everything else happens in ``start``.

        ``stop_service`` is called when there will never be a champion to serve, with the code for
        the service to exit with. The champion's preprocessing is compared with the sealed one every
        ``recheck_s`` seconds. ``judged`` are the judgements of the bundles; without them they are
        judged in ``start``.
        """
        self.settings = settings
        self.state = State.STARTING
        self.run = uuid.uuid4().hex
        self.log = EventLog(
            settings.replica,
            self.run,
            stdout=1,
            path=settings.log_file,
            private=settings.capture != "none",
        )
        self.metrics = Metrics(
            queue_documents=lambda: self.champion.scheduler.documents if self.champion else 0,
            lost_log_lines=lambda: self.log.lost,
            ready=lambda: self.ready,
        )
        self.champion: Champion | None = None
        self._stop_service = stop_service
        self._recheck_s = recheck_s
        self._judged = judged
        self._accepts = False
        self._tasks: list[asyncio.Task[None]] = []
        self._drained: asyncio.Task[None] | None = None
        self.when_refusing: list[Callable[[], None]] = []

    @property
    def ready(self) -> bool:
        """Whether the champion answers, whatever the state of its challengers."""
        return self.state == State.READY

    def start(self) -> None:
        """Begin to start; requests are refused as unavailable until the champion is ready."""
        self._tasks.append(asyncio.create_task(self._start()))
        drain_before_stopping(self.drain)

    def accepting_champion(self) -> Champion:
        """Return the champion while it takes requests; raises ``Unavailable`` otherwise."""
        if self.champion is None or not self._accepts:
            advice = "ask another replica" if self.state == State.REFUSED else "try again"
            message = f"the service is not ready ({self.state}); {advice}"
            raise Unavailable(message)
        return self.champion

    async def drain(self) -> None:
        """Stop serving, finish what was accepted, and write the log; only once."""
        if self._drained is None:
            self._drained = asyncio.create_task(self._drain())
        await asyncio.shield(self._drained)

    async def _start(self) -> None:
        try:
            self.champion = await start_champion(
                self.settings, self.run, self.log, self.metrics, self._judged
            )
        except GuardRefused as refusal:
            # The bundle has changed since it was judged: the whole service stops.
            self.state = State.REFUSED
            _report(self.log, refusal)
            self.log.close()
            self._stop_service(ExitCode.GUARD_REFUSED)
        except Exception:
            self.state = State.FAILED
            _logger.exception("the champion could not be started")
            self._stop_service(ExitCode.FAILED)
        else:
            self._accepts = True
            self.state = State.READY
            self._tasks.append(asyncio.create_task(self._recheck(self.champion)))
            await flush_regularly(self.champion.recorder, self.settings.flush_seconds)

    async def _recheck(self, champion: Champion) -> None:
        """Stop serving once the champion's preprocessing differs from what was sealed.

        Accepted requests are finished. The process stays, unready, so that its status can be read
        before an operator or an orchestrator stops it.
        """
        findings = await recheck_until_changed(champion.rechecker, self._recheck_s)
        self._accepts = False
        if self.ready:
            self.state = State.REFUSED
        _report(self.log, GuardRefused(str(champion.bundle.path), findings))

    async def _drain(self) -> None:
        ends_s = time.monotonic() + self.settings.stop_s
        ready = self.ready
        self.state = State.DRAINING
        if self.champion is not None:
            account_so_far(self.champion, self.log)
        if ready:
            await asyncio.sleep(min(_GRACE_S, self.settings.stop_s / 4))
        self._accepts = False
        for call in self.when_refusing:
            call()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.champion is not None:
            await finish(self.champion, self.settings, self.log, ends_s)
        await asyncio.to_thread(self.log.close)


def _report(log: EventLog, refusal: GuardRefused) -> None:
    sys.stderr.write(f"understudy: champion {refusal}\n")
    log.emit(BundleRefused("champion", refusal.subject, refusal.findings))
