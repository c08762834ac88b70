"""The life of one worker: start, serve, drain.

Nothing heavy is imported here: the supervisor imports this module too.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import json
import logging
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from guards.errors import GuardRefused
from service.errors import Unavailable
from service.shadow.challenger import Challenger, ChallengerEvents
from service.shadow.terms import Terms
from service.signals import drain_before_stopping
from service.telemetry.events import Event
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from guards.errors import Finding
    from guards.schema import Schema
    from service.assembly import Champion
    from service.documents import Document, Prediction
    from service.settings import Settings

__all__ = ["Runtime", "StopService"]

_GRACE_S = 1.0
"""How long requests are still served after readiness is false: balancers look this often."""

_RECHECK_S = 60.0
_QUEUE_S = 30.0
_CLOSE_LOG_S = 5.0

_logger = logging.getLogger("bentoml.understudy")


class StopService(Protocol):
    """Stops the whole service, this worker and what supervises it."""

    def __call__(self, *, refused: bool) -> None:
        """Stop; ``refused`` tells whether the guard is the reason."""


class Runtime:
    """Everything of one worker, from the settings to the last log line; used from one event loop.

    ``state`` is ``starting``, ``ready``, ``draining``, ``refused`` or ``failed``.
    """

    def __init__(
        self, settings: Settings, stop_service: StopService, recheck_s: float = _RECHECK_S
    ) -> None:
        """Open the log; everything else waits for ``start``.

        ``stop_service`` is called when there will never be a champion to serve. So many seconds
        pass before the champion's preprocessing is looked at again.
        """
        self._stop_service = stop_service
        self._recheck_s = recheck_s
        self.settings = settings
        self.state = "starting"
        self.run = uuid.uuid4().hex
        self.log = EventLog(settings.replica, self.run, stdout=1, path=settings.log_file)
        self.metrics = Metrics(
            queue_documents=lambda: self.champion.scheduler.documents if self.champion else 0,
            lost_log_lines=lambda: self.log.lost,
            ready=lambda: self.ready,
        )
        self.champion: Champion | None = None
        self.challengers: tuple[Challenger, ...] = ()
        self._accepts = False
        self._tasks: list[asyncio.Task[None]] = []
        self._drained: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the champion answers; challengers have no say."""
        return self.state == "ready"

    @property
    def schema(self) -> Schema:
        """The champion's inputs; raises ``Unavailable`` while starting or draining."""
        return self._serving().bundle.preprocessing.schema

    def start(self) -> None:
        """Begin to start; requests are refused as unavailable until the champion is ready."""
        self._tasks.append(asyncio.create_task(self._start()))
        drain_before_stopping(self.drain)

    def check_room(self, characters: Sequence[int], deadline: float) -> None:
        """Raise what ``classify`` would: ``Overloaded``, ``DeadlinePassed``, ``Unavailable``."""
        self._serving().scheduler.check(characters, deadline)

    async def classify(self, documents: Sequence[Document], deadline: float) -> list[Prediction]:
        """Answer documents; raises what the request path raises, and ``Unavailable``."""
        return await self._serving().classification.classify(documents, deadline)

    def feedback(self, labels: Iterable[tuple[str, str]]) -> None:
        """Record labels that came late, each as (request id, label)."""
        observer = self._serving().observer
        for request_id, label in labels:
            observer.feedback(request_id, label)

    async def drain(self) -> None:
        """Stop serving, finish what was accepted, write everything down; once, however often."""
        if self._drained is None:
            self._drained = asyncio.create_task(self._drain())
        await asyncio.shield(self._drained)

    def _serving(self) -> Champion:
        if self.champion is None or not self._accepts:
            advice = "ask another replica" if self.state == "refused" else "try again"
            message = f"the service is not ready ({self.state}); {advice}"
            raise Unavailable(message)
        return self.champion

    async def _start(self) -> None:
        try:
            await self._assemble()
        except GuardRefused as refusal:
            self._refuse(refusal)
        except Exception:
            self.state = "failed"
            _logger.exception("the champion could not be started")
            self._stop_service(refused=False)
        else:
            self._tasks.append(asyncio.create_task(self._recheck_regularly()))
            await self._flush_regularly()

    async def _assemble(self) -> None:
        assembly = await asyncio.to_thread(importlib.import_module, "service.assembly")
        champion: Champion = await asyncio.to_thread(
            assembly.assemble, self.settings, self.run, self.log, self.metrics
        )
        environment = await asyncio.to_thread(assembly.environment)
        commit = await asyncio.to_thread(assembly.git_commit)
        self.champion = champion
        self.challengers = tuple(self._make_challengers(champion))
        champion.observer.mirror.attach(self.challengers)
        self.log.emit(
            Event.SERVICE_STARTED,
            champion=champion.identity,
            challengers=[
                {**_identity(Path(path)), "engine": self.settings.engine}
                for path in self.settings.challengers
            ],
            engine=champion.choice.to_json(),
            columns=champion.columns,
            environment=environment,
            git_commit=commit,
            environment_differences=champion.environment_differences,
            tolerated=[finding.to_json() for finding in champion.bundle.tolerated],
            settings=self.settings.public(),
        )
        for finding in champion.choice.findings:
            sys.stderr.write(f"understudy: champion {finding}\n")
        for challenger in self.challengers:
            challenger.start()
        # What was loaded stays: under load the collector would walk it for a tenth of the time.
        gc.collect()
        gc.freeze()
        self._accepts = True
        self.state = "ready"

    def _make_challengers(self, champion: Champion) -> Iterator[Challenger]:
        settings, observer = self.settings, champion.observer
        terms = Terms(
            demands=settings.demands("challenger"),
            most_waiting=settings.shadow_queue,
            timeout_s=settings.shadow_timeout_s,
            engine=settings.engine,
            preprocessing=champion.bundle.manifest.preprocessing.fingerprint,
        )
        events = ChallengerEvents(
            settle=observer.mirror.settle,
            greeted=observer.greeted,
            refused=self._challenger_refused,
        )
        taken: set[str] = set()
        for path in map(Path, settings.challengers):
            identity = _identity(path)
            key = f"{identity['name']}/{identity['version']}"
            while key in taken:
                key += "+"
            taken.add(key)
            yield Challenger(key, path, terms, events)

    def _challenger_refused(self, challenger: Challenger, findings: list[dict[str, str]]) -> None:
        self.log.emit(
            Event.GUARD_REFUSED, role="challenger", bundle=challenger.key, findings=findings
        )

    def _refuse(self, refusal: GuardRefused) -> None:
        """Stop the whole service: the bundle is not what the preflight saw."""
        self.state = "refused"
        self._say_refused(refusal)
        self.log.close(_CLOSE_LOG_S)
        self._stop_service(refused=True)

    def _say_refused(self, refusal: GuardRefused) -> None:
        sys.stderr.write(f"understudy: champion {refusal}\n")
        self.log.emit(
            Event.GUARD_REFUSED,
            role="champion",
            bundle=refusal.subject,
            findings=[finding.to_json() for finding in refusal.findings],
        )

    async def _recheck_regularly(self) -> None:
        """Look at the champion's preprocessing again and again, until it is not what was sealed.

        What was accepted is finished, and nothing more is; the process stays, unready, so that
        whoever watches it can see why before it is stopped.
        """
        assert self.champion is not None  # noqa: S101 (it has been assembled)
        findings: tuple[Finding, ...] = ()
        while not findings:
            await asyncio.sleep(self._recheck_s)
            findings = await asyncio.to_thread(self.champion.rechecker.recheck)
        self._accepts = False
        if self.ready:
            self.state = "refused"
        self._say_refused(GuardRefused(str(self.champion.bundle.path), findings))

    async def _flush_regularly(self) -> None:
        assert self.champion is not None  # noqa: S101 (it has been assembled)
        while True:
            await asyncio.sleep(self.settings.flush_seconds)
            try:
                self.champion.observer.flush()
            except Exception:
                _logger.exception("a window could not be flushed")

    async def _drain(self) -> None:
        ready = self.ready
        self.state = "draining"
        if ready:
            await asyncio.sleep(_GRACE_S)
        self._accepts = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.champion is not None:
            await self._finish(self.champion)
        gc.unfreeze()
        await asyncio.to_thread(self.log.close, _CLOSE_LOG_S)

    async def _finish(self, champion: Champion) -> None:
        with contextlib.suppress(TimeoutError):
            most_s = max(_QUEUE_S, self.settings.deadline_s)
            await asyncio.wait_for(champion.scheduler.emptied(), most_s)
        await asyncio.gather(
            *(challenger.drain(self.settings.shadow_drain_s) for challenger in self.challengers)
        )
        await asyncio.to_thread(champion.scheduler.stop)
        champion.observer.flush()
        self._say_stopped(champion)

    def _say_stopped(self, champion: Champion) -> None:
        observer = champion.observer
        coverage = observer.mirror.totals()
        self.log.emit(
            Event.SERVICE_STOPPED,
            observed=observer.documents,
            compared=coverage["compared"],
            missed=coverage["missed"],
            flushed=observer.flushed_documents,
            coverage=coverage,
            challengers=[
                {
                    "name": challenger.name,
                    "version": challenger.version,
                    "coverage": observer.mirror.balance(challenger),
                }
                for challenger in self.challengers
            ],
            lost_log_lines=dict(self.log.lost),
        )


def _identity(path: Path) -> dict[str, str | None]:
    """Read who a challenger says it is; its own process verifies it."""
    resolved = path.resolve()
    try:
        manifest = json.loads((path / "manifest.json").read_bytes())
        return {key: str(manifest[key]) for key in ("name", "version", "fingerprint")}
    except (OSError, ValueError, KeyError, TypeError):
        return {"name": resolved.parent.name, "version": resolved.name, "fingerprint": None}
