"""Posts alerts to a webhook, from a thread of its own, so that no failure there reaches anybody."""

import json
import logging
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from enum import Enum
from http import HTTPStatus

from guards.json_types import JsonMapping
from guards.text import printable
from service.telemetry.posting import post
from service.webhook_url import WebhookUrl

__all__ = ["Webhook"]

_logger = logging.getLogger("bentoml.understudy")

_PAUSES_S = (1.0, 5.0, 25.0, 125.0, 625.0)
"""A receiver that is deployed anew is back within minutes; after a quarter of an hour an alert is
given up, so that those behind it are tried."""

_TEMPORARY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class _Result(Enum):
    """What one attempt led to."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class Webhook:
    """Posts payloads as JSON, one after another; safe to use from any thread.

    Up to `capacity` payloads wait. Of more, the oldest is dropped: what is delivered last is then
    what holds now. A status of 2xx delivers one. After a status of 5xx, 408 or 429, or without an
    answer within `timeout_s`, it is tried again after each of `pauses_s`; any other status, a
    redirect too, is final. The first failure of an outage and its end are told in the diagnostics.

    Close it at the end: its thread does not keep the process alive.
    """

    def __init__(
        self,
        url: WebhookUrl,
        *,
        capacity: int = 100,
        timeout_s: float = 5.0,
        pauses_s: Sequence[float] = _PAUSES_S,
    ) -> None:
        self._url = url
        self._capacity = capacity
        self._timeout_s = timeout_s
        self._pauses_s = tuple(pauses_s)
        self._queue: deque[bytes] = deque()
        self._counts = dict.fromkeys(("delivered", "failed", "dropped"), 0)
        self._closing = False
        self._is_out = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> Mapping[str, int]:
        """Payloads so far: `delivered`, `failed` (given up), `dropped` (never tried)."""
        with self._changed:
            return dict(self._counts)

    def send(self, payload: JsonMapping) -> None:
        """Queue a payload; never waits and never raises. One that is no JSON has failed."""
        try:
            body = json.dumps(payload, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            _logger.warning("an alert cannot be written as JSON (%s)", type(error).__name__)
            self._count("failed")
            return
        with self._changed:
            if self._closing:
                self._counts["dropped"] += 1
                return
            if len(self._queue) == self._capacity:
                self._queue.popleft()
                self._counts["dropped"] += 1
            self._queue.append(body)
            self._changed.notify_all()

    def close(self, timeout_s: float = 5.0) -> bool:
        """Try what waits once more, and drop what is left then; false if that takes longer.

        Pauses end at once, and nothing is tried again.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        with self._changed:
            self._counts["dropped"] += len(self._queue)
            self._queue.clear()
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (body := self._next()) is not None:
            self._count("delivered" if self._deliver(body) else "failed")

    def _next(self) -> bytes | None:
        """Wait for a payload; None where the webhook closes without any."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            return self._queue.popleft() if self._queue else None

    def _deliver(self, body: bytes) -> bool:
        result = self._attempt(body)
        for pause_s in self._pauses_s:
            if result is not _Result.UNAVAILABLE or self._closes_within(pause_s):
                break
            result = self._attempt(body)
        return result is _Result.DELIVERED

    def _attempt(self, body: bytes) -> _Result:
        try:
            status = post(self._url, body, self._timeout_s)
        except Exception as error:  # noqa: BLE001 (whatever fails costs one alert, not the thread)
            self._say_failed(_reason(error, self._timeout_s))
            return _Result.UNAVAILABLE
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._say_delivered()
            return _Result.DELIVERED
        self._say_failed(f"status {status}")
        is_temporary = status in _TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return _Result.UNAVAILABLE if is_temporary else _Result.REFUSED

    def _closes_within(self, pause_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._closing, pause_s)

    def _count(self, outcome: str) -> None:
        with self._changed:
            self._counts[outcome] += 1

    def _say_failed(self, reason: str) -> None:
        if not self._is_out:
            _logger.warning("the webhook %s takes no alerts: %s", self._url, reason)
        self._is_out = True

    def _say_delivered(self) -> None:
        if self._is_out:
            _logger.warning("the webhook %s takes alerts again", self._url)
        self._is_out = False


def _reason(error: Exception, timeout_s: float) -> str:
    """Say why there is no answer, in words that are neither the server's nor from the URL."""
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_s:g} s"
    if isinstance(error, OSError) and error.strerror:
        return printable(error.strerror)
    return type(error).__name__
