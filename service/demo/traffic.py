"""Send documents to a running service, bounded in count and time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx

from guards.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Traffic"]

_CLIENTS = 4
_POLL_S = 0.2
_DOCUMENT_S = 30.0


class Traffic:
    """A client of one service at ``url``."""

    def __init__(self, url: str) -> None:
        """Keep connections to ``url`` open between calls."""
        self._client = httpx.Client(base_url=url, timeout=_DOCUMENT_S)

    def wait_until_ready(self, alive: Callable[[], bool], most_s: float) -> None:
        """Wait for readiness; raises ``CallError`` when the service dies or takes too long."""

        def ready() -> bool:
            if not alive():
                message = "the service stopped before it was ready; its messages are above"
                raise CallError(message)
            return self._answers("/readyz")

        self._wait(ready, most_s, "be ready")

    def send(self, documents: Sequence[dict[str, Any]]) -> None:
        """Send each document as a request of its own; raises ``CallError`` when one fails."""
        with ThreadPoolExecutor(_CLIENTS) as pool:
            for response in pool.map(self._send_one, documents):
                if not response.is_success:
                    message = f"the service answered {response.status_code}; its messages are above"
                    raise CallError(message)

    def wait_until_settled(self, most_s: float) -> None:
        """Wait until every comparison is in and every document is in a flushed window."""
        self._wait(lambda: self._settled(self.status()), most_s, "hear the challenger out")

    def status(self) -> dict[str, Any]:
        """Get the service's status."""
        status: dict[str, Any] = self._client.get("/v1/status").raise_for_status().json()
        return status

    def _send_one(self, document: dict[str, Any]) -> httpx.Response:
        try:
            return self._client.post("/v1/classify", json={"documents": [document]})
        except httpx.TransportError as error:
            message = f"the service is gone ({type(error).__name__}); its messages are above"
            raise CallError(message) from None

    def _answers(self, path: str) -> bool:
        try:
            return self._client.get(path).is_success
        except httpx.TransportError:
            return False

    @staticmethod
    def _settled(status: dict[str, Any]) -> bool:
        flushed: bool = status["flushed_documents"] == status["documents"]
        return flushed and status["coverage"]["pending"] == 0

    @staticmethod
    def _wait(done: Callable[[], bool], most_s: float, what: str) -> None:
        deadline = time.monotonic() + most_s
        while not done():
            if time.monotonic() > deadline:
                message = f"the service took longer than {most_s:.0f} s to {what}"
                raise CallError(message)
            time.sleep(_POLL_S)
