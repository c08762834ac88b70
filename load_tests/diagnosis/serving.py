"""Runs the service in this process for a period of documents, and moves its log to their hours.

The app, the runtime behind it and the log are the service's own; only its clock is not: a period of
two days is answered in seconds. So the moments of the lines that it wrote, ``timestamp`` and
``observed_at``, are replaced afterwards by those of the hours in which the documents are said to be
sent. Nothing else of a line is touched. Windows, which the service opened and closed in these
seconds, are left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import httpx

from guards.integrity.environment import installed_environment
from guards.moments import rfc3339
from service.http.access import read_access
from service.http.routes import Serving, WebApp
from service.lifecycle import assembly
from service.lifecycle.judging import Question, judge
from service.lifecycle.runtime import Runtime
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from load_tests.diagnosis.documents import Sent
    from service.exit_codes import ExitCode
    from service.lifecycle.assembly import Champion
    from service.lifecycle.judging import Judgement

    Disturb = Callable[[Champion], None]

__all__ = ["START", "Replica", "answer", "judged"]

START = datetime(2026, 3, 2, tzinfo=UTC)
"""When the good period begins; the bad one follows it."""

_AT_ONCE = 48
_LONG_S = 3600.0
_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Replica:
    """A replica, its bundle with the guard's judgement, and what is wrong with it.

    ``disturb`` is called once it is ready, and ``libraries`` are versions that it has installed in
    place of ours.
    """

    name: str
    bundle: Path
    judgement: Judgement
    disturb: Disturb | None = None
    libraries: Mapping[str, str] = field(default_factory=dict)


def judged(bundle: Path) -> Judgement:
    """Judge a bundle as the service's supervisor does, once for all its starts."""
    (judgement,) = judge([Question(str(bundle), engine="torch")])
    return judgement


def answer(replica: Replica, sent: Sequence[Sent], log: Path, first_hour: int) -> None:
    """Have a replica answer documents, and append its log, with the hours counted from there."""
    settings = Settings(
        champion=str(replica.bundle),
        log_file=log.with_suffix(".now"),
        replica=replica.name,
        capture="all",
        engine="torch",
        deadline_s=_LONG_S,
        flush_seconds=_LONG_S,
    )
    installed = {**installed_environment(), **replica.libraries}
    told = patch.object(assembly, "installed_environment", lambda: installed)
    with told, _without_output(), ThreadPoolExecutor(1) as pool:
        # Only the main thread takes signals: in another one, the runtime leaves them to us.
        pool.submit(asyncio.run, _served(settings, replica, sent)).result()
    written = log.with_suffix(".now")
    with log.open("ab") as file:
        file.writelines(_moved(written.read_bytes(), sent, first_hour))
    written.unlink()


async def _served(settings: Settings, replica: Replica, sent: Sequence[Sent]) -> None:
    stopped: list[ExitCode] = []
    runtime = Runtime(settings, stopped.append, recheck_s=_LONG_S, judged=[replica.judgement])
    app = WebApp()
    app.serving = Serving(runtime, read_access(None), {"name": "understudy", "routes": []})
    runtime.start()
    while not runtime.ready:
        if stopped:
            message = f"{replica.name} does not start: {stopped[0]!r}"
            raise RuntimeError(message)
        await asyncio.sleep(_POLL_S)
    if replica.disturb is not None and runtime.champion is not None:
        replica.disturb(runtime.champion)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        for first in range(0, len(sent), _AT_ONCE):
            documents = [each.document for each in sent[first : first + _AT_ONCE]]
            response = await client.post("/v1/classify", json={"documents": documents})
            response.raise_for_status()
    await runtime.drain()


def _moved(written: bytes, sent: Sequence[Sent], first_hour: int) -> Iterator[bytes]:
    """Yield the lines of a run at the moments of its documents, and the first ones at its start."""
    moments = dict(_moments(sent, START + timedelta(hours=first_hour)))
    moment = START + timedelta(hours=first_hour)
    for data in written.splitlines():
        line: dict[str, Any] = json.loads(data)
        if line["event"] == "drift.window":
            continue
        if line["event"] == "request.observed":
            moment = moments[line["request_id"]]
            line["observed_at"] = rfc3339(moment)
        line["timestamp"] = rfc3339(moment)
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _moments(sent: Sequence[Sent], start: datetime) -> Iterator[tuple[str, datetime]]:
    """Yield the moment of each document by its id: those of an hour are spread over it."""
    of_hour = Counter(each.hour for each in sent)
    before: Counter[int] = Counter()
    for each in sent:
        share = before[each.hour] / of_hour[each.hour]
        before[each.hour] += 1
        yield each.document["request_id"], start + timedelta(hours=each.hour + share)


@contextlib.contextmanager
def _without_output() -> Iterator[None]:
    """Keep the lines that the service writes to descriptor 1 off the terminal."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
