"""A closed loop of clients: each sends its next document when the last one is answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["ServiceError", "Tally", "classify_all", "get_json", "open_client"]

_OK = str(int(HTTPStatus.OK))
_NOT_SENT = "not sent"
_MOST_RETRY_AFTER_S = 5
_RETRY_AFTER_UNSAID_S = 1
_MOST_ERROR_CHARS = 300

# Shorter than a server's usual five seconds, so that no request meets a connection being closed.
_KEEPALIVE_S = 2.0


class ServiceError(Exception):
    """The service cannot be reached, or does not answer as an Understudy service does."""


@dataclass(slots=True)
class Tally:
    """What became of the documents.

    ``outcomes`` counts each document once: by its last status (``"200"``), by the name of what
    went wrong with the connection (``"ReadTimeout"``), or as ``"not sent"`` when time was up.
    ``latencies_s`` has one entry a document answered with 200: its last request, without the
    waits before retries. ``retries`` counts the requests repeated after a 429. ``first_error`` is
    what the first document without a 200 was told.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)
    retries: int = 0
    first_error: str | None = None
    duration_s: float = 0.0

    @property
    def answered(self) -> int:
        """Count the documents answered with 200."""
        return self.outcomes[_OK]

    @property
    def errors(self) -> dict[str, int]:
        """Count the other documents by outcome."""
        return {outcome: n for outcome, n in sorted(self.outcomes.items()) if outcome != _OK}

    def add_answer(self, response: httpx.Response, latency_s: float) -> None:
        """Count a document by its final response."""
        if response.status_code == HTTPStatus.OK:
            self.outcomes[_OK] += 1
            self.latencies_s.append(latency_s)
        else:
            self.add_error(str(response.status_code), response.text)

    def add_error(self, outcome: str, message: str) -> None:
        """Count a document that was not answered with 200."""
        self.outcomes[outcome] += 1
        if self.first_error is None:
            self.first_error = f"{outcome}: {' '.join(message.split())[:_MOST_ERROR_CHARS]}"


def open_client(url: str, clients: int, timeout_s: float) -> httpx.AsyncClient:
    """Give a client that keeps one connection for each of so many clients, past any proxy."""
    return httpx.AsyncClient(
        base_url=url,
        timeout=timeout_s,
        limits=httpx.Limits(
            max_connections=clients,
            max_keepalive_connections=clients,
            keepalive_expiry=_KEEPALIVE_S,
        ),
        trust_env=False,
    )


async def get_json(client: httpx.AsyncClient, path: str) -> Any:  # noqa: ANN401 (any JSON value)
    """Get what the service has at ``path``; raise ``ServiceError`` unless that is JSON."""
    try:
        response = await client.get(path)
        response.raise_for_status()
        return response.json()
    except httpx.HTTPStatusError as error:
        message = f"{client.base_url}: answered {error.response.status_code} to GET {path}"
    except httpx.HTTPError as error:
        message = f"{client.base_url}: not reachable ({error or type(error).__name__})"
    except ValueError:
        message = f"{client.base_url}: answered GET {path} with something that is not JSON"
    raise ServiceError(message)


async def classify_all(
    client: httpx.AsyncClient,
    documents: Sequence[Mapping[str, object]],
    clients: int,
    timeout_s: float,
) -> Tally:
    """Send every document, one a request, from so many clients at once.

    No request starts after ``timeout_s``; one under way then may still end.
    """
    tally = Tally()
    started_s = time.perf_counter()
    queue = iter(documents)
    with tqdm(total=len(documents), unit=" documents", disable=None, leave=False) as progress:
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(
                    _send_in_turn(client, queue, started_s + timeout_s, tally, progress)
                )
    tally.duration_s = time.perf_counter() - started_s
    return tally


async def _send_in_turn(
    client: httpx.AsyncClient,
    queue: Iterator[Mapping[str, object]],
    deadline_s: float,
    tally: Tally,
    progress: tqdm[Any],
) -> None:
    for document in queue:
        if time.perf_counter() >= deadline_s:
            tally.add_error(_NOT_SENT, "time was up")
        else:
            await _send(client, json.dumps({"documents": [document]}), deadline_s, tally)
        progress.update()


async def _send(client: httpx.AsyncClient, body: str, deadline_s: float, tally: Tally) -> None:
    headers = {"Content-Type": "application/json"}
    while True:
        started_s = time.perf_counter()
        try:
            response = await client.post("/v1/classify", content=body, headers=headers)
        except httpx.HTTPError as error:
            tally.add_error(type(error).__name__, str(error))
            return
        ended_s = time.perf_counter()
        wait_s = _retry_after_s(response)
        if response.status_code != HTTPStatus.TOO_MANY_REQUESTS or ended_s + wait_s >= deadline_s:
            tally.add_answer(response, ended_s - started_s)
            return
        tally.retries += 1
        await asyncio.sleep(wait_s)


def _retry_after_s(response: httpx.Response) -> int:
    said = response.headers.get("Retry-After", "")
    return min(int(said), _MOST_RETRY_AFTER_S) if said.isdecimal() else _RETRY_AFTER_UNSAID_S
