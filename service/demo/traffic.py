"""Send documents to a running service, bounded in count and time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx

from guards.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guards.json_types import JsonObject

__all__ = ["Traffic"]

_CLIENTS = 4
_POLL_S = 0.2
_DOCUMENT_S = 30.0


class Traffic:
    """A client of the service at ``url``; all of it raises ``CallError`` when the service fails."""

    def __init__(self, url: str) -> None:
        """Keep connections to ``url`` open between calls."""
        self._client = httpx.Client(base_url=url, timeout=_DOCUMENT_S)

    def wait_until_ready(self, alive: Callable[[], bool], max_s: float) -> None:
        """Wait for readiness, as long as the service is ``alive``."""

        def ready() -> bool:
            if not alive():
                message = "the service stopped before it was ready; its messages are above"
                raise CallError(message)
            try:
                return self._client.get("/readyz").is_success
            except httpx.TransportError:
                return False

        _wait(ready, max_s, "be ready")

    def send(self, documents: Sequence[JsonObject]) -> None:
        """Send each document as a request of its own."""
        with ThreadPoolExecutor(_CLIENTS) as pool:
            for response in pool.map(self._send_one, documents):
                if not response.is_success:
                    message = f"the service answered {response.status_code}; its messages are above"
                    raise CallError(message)

    def _send_one(self, document: JsonObject) -> httpx.Response:
        try:
            return self._client.post("/v1/classify", json={"documents": [document]})
        except httpx.TransportError as error:
            message = f"the service is gone ({type(error).__name__}); its messages are above"
            raise CallError(message) from None

    def wait_until_settled(self, max_s: float) -> None:
        """Wait until every comparison is in and every document is in a flushed window."""

        def settled() -> bool:
            status: JsonObject = self._client.get("/v1/status").raise_for_status().json()
            flushed = bool(status["flushed_documents"] == status["documents"])
            return flushed and status["coverage"]["pending"] == 0

        _wait(settled, max_s, "finish its comparisons")

    def wait_until_looked_at(self, max_s: float) -> None:
        """Wait until all windows were looked at for alarms."""

        def looked_at() -> bool:
            status: JsonObject = self._client.get("/v1/status").raise_for_status().json()
            return not status["alarms"]["waiting"]

        _wait(looked_at, max_s, "look for alarms")


def _wait(done: Callable[[], bool], max_s: float, what: str) -> None:
    deadline_s = time.monotonic() + max_s
    while not done():
        if time.monotonic() > deadline_s:
            message = f"the service took longer than {max_s:.0f} s to {what}"
            raise CallError(message)
        time.sleep(_POLL_S)
