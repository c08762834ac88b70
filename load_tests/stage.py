"""Services that are disturbed or soaked: champion, challenger with the same weights, and log."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psutil

from load_tests.contenders import OWN, SHADOWED
from load_tests.loads import Load, scheduled
from load_tests.servers import processes, running
from load_tests.status import get_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from load_tests.documents import JsonObject
    from load_tests.servers import Server
    from load_tests.subject import Subject

__all__ = ["Outcome", "Scene", "Stage", "StageError", "until"]

_PATIENCE_S = 120.0
_POLL_S = 0.05


class StageError(Exception):
    """Something did not happen in time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scenario showed: whether all of it is as promised, and the figures in words."""

    passed: bool
    told: str

    @property
    def word(self) -> str:
        """``pass`` or ``FAIL``, both of four letters."""
        return "pass" if self.passed else "FAIL"


@dataclass(frozen=True, slots=True)
class Scene:
    """A running service and its log."""

    server: Server
    log: Path

    async def status(self) -> JsonObject:
        """Return ``/v1/status``."""
        return await get_json(self.server.connections, "/v1/status")

    async def challenger_pid(self) -> int:
        """Wait until the challenger is ready, and return the id of its process."""
        status: JsonObject = {}

        async def is_ready() -> bool:
            nonlocal status
            status = (await self.status())["challengers"][0]
            return bool(status["state"] == "ready")

        await until(is_ready, "a challenger that is ready")
        return int(status["pid"])

    @property
    def worker_pid(self) -> int:
        """The id of the process that answers."""
        for process in processes(self.server.pid):
            with suppress(psutil.Error):
                if "_bentoml_impl.worker.service" in process.cmdline():
                    return int(process.pid)
        message = "the service has no worker"
        raise StageError(message)

    async def send(self, times_s: NDArray[np.float64]) -> Load:
        """Send documents at these times, in seconds from now."""
        return await scheduled(self.server.connections, self.server.requests, times_s)

    def lines(self) -> Iterator[JsonObject]:
        """Read the whole lines of the log, one after the other: it may be larger than memory."""
        with self.log.open(encoding="utf-8") as file:
            yield from (json.loads(line) for line in file if line.endswith("\n"))

    def balance(self, answered: int) -> Outcome:
        """Compare the log of a service that has stopped with the documents that it answered.

        Each has its line, is in a window, and has an outcome for the challenger.
        """
        observed, account = 0, {}
        for account in self.lines():
            observed += account["event"] == "request.observed"
        passed = (
            account.get("event") == "service.stopped"
            and account["observed"] == account["flushed"] == observed == answered
            and not account["coverage"]["pending"]
        )
        return Outcome(passed, f"{answered} answered, {observed} lines")

    async def ended(self) -> float:
        """Wait until the service has ended, and return how many seconds that took."""
        started_s = time.perf_counter()

        async def has_ended() -> bool:
            return not psutil.pid_exists(self.server.pid) or _is_zombie(self.server.pid)

        await until(has_ended, "the end of the service")
        return time.perf_counter() - started_s

    def kill_all(self) -> None:
        """Kill every process of the service, as a container's end does."""
        for process in processes(self.server.pid):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


@dataclass(slots=True)
class Stage:
    """Starts services in a scratch directory, which keeps their logs."""

    subject: Subject
    scratch: Path
    started: int = 0

    @asynccontextmanager
    async def service(
        self, *, shadow: bool = True, files: Mapping[str, str] | None = None, **settings: str
    ) -> AsyncIterator[Scene]:
        """Run a service with these settings, which are UNDERSTUDY_* without the prefix.

        With ``files``, its current directory holds them, and its log.
        """
        self.started += 1
        contender = next(one for one in OWN if (one.name == SHADOWED) == shadow)
        name = f"service-{self.started}"
        variables = {f"UNDERSTUDY_{setting}": value for setting, value in settings.items()}
        contender = replace(
            contender,
            name=name,
            variables=variables | {"UNDERSTUDY_LOG_FILE": "{scratch}/log.jsonl"},
            directory="{scratch}" if files else contender.directory,
            files=files or {},
        )
        async with running(contender, self.subject, self.scratch) as server:
            yield Scene(server, self.scratch / name / "log.jsonl")


async def until(happened: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for something; raises ``StageError`` where it does not happen."""
    ends_s = time.perf_counter() + _PATIENCE_S
    while not await happened():
        if time.perf_counter() > ends_s:
            message = f"waited {_PATIENCE_S:g} s for {what}"
            raise StageError(message)
        await asyncio.sleep(_POLL_S)


def _is_zombie(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    return True
