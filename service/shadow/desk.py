"""Where the lanes of a challenger's process take documents from, and bring answers to."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Lock
from typing import TYPE_CHECKING

from artifacts.preprocessing import Encoding
from guards.schema import CanonicalRow
from service.shadow import frames, handover

if TYPE_CHECKING:
    from io import BufferedIOBase

    from artifacts.opening import Bundle
    from service.engines import Engine
    from service.shadow.frames import Message

__all__ = ["Desk"]

_CHUNK_BYTES = 64 * 1024
"""As much as a pipe holds is read at once."""

_HELD_S = 0.05
"""Answers are held for one another while there is more to do, but not for longer."""


class Desk:
    """Answers documents in the order in which they are done, as many at once as there are lanes."""

    def __init__(
        self, bundle: Bundle, engine: Engine, requests: BufferedIOBase, answers: BufferedIOBase
    ) -> None:
        """Answer with this bundle on this engine, from one stream to the other."""
        self._bundle = bundle
        self._engine = engine
        self._requests = _Requests(requests)
        self._answers = _Answers(answers)

    def answer_until_the_end(self, lanes: int) -> None:
        """Run the lanes until the requests end; raises what was no single document's fault."""
        with ThreadPoolExecutor(lanes, "lane") as pool:
            for lane in as_completed([pool.submit(self._run) for _ in range(lanes)]):
                lane.result()

    def _run(self) -> None:
        while (request := self._requests.take()) is not None:
            self._answers.send(hold=self._requests.at_hand)
            self._answers.add(self._answer(request))
            self._answers.send(hold=self._requests.at_hand)

    def _answer(self, request: Message) -> bytes:
        number = request.fields["id"]
        started = time.monotonic()
        try:
            (probabilities,) = self._engine.probabilities([self._encoding(request)])
            return handover.answer(number, probabilities, time.monotonic() - started)
        except Exception as error:  # noqa: BLE001 (one document fails, the process goes on)
            return frames.encode({"id": number, "error": type(error).__name__})

    def _encoding(self, request: Message) -> Encoding:
        """Take the champion's encoding, or make one; ``ValueError`` for a misfit."""
        if "token_ids" in request.fields:
            ids, columns = handover.arrays_of(request)
            return Encoding(ids, columns, CanonicalRow((), ()), unknown_tokens=0, truncated=False)
        preprocessing = self._bundle.preprocessing
        row, problems = preprocessing.schema.canonical(request.fields["features"])
        if problems:
            message = "the document does not fit this bundle's schema"
            raise ValueError(message)
        return preprocessing.encode([request.fields["text"]], [row])[0]


class _Requests:
    """Documents as they come, for whichever lane is free."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._messages: deque[Message] = deque()
        self._lock = Lock()

    @property
    def at_hand(self) -> bool:
        """Whether there is another one that need not be waited for."""
        return bool(self._messages)

    def take(self) -> Message | None:
        """Take the next, waiting for it; None once they have ended."""
        with self._lock:
            while not self._messages:
                data = self._stream.read1(_CHUNK_BYTES)
                if not data:
                    return None
                self._buffer += data
                self._messages.extend(frames.take(self._buffer))
            return self._messages.popleft()


class _Answers:
    """Answers that are done, sent several at once: each time wakes the service."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._done = bytearray()
        self._sent_at = 0.0
        self._lock = Lock()

    def add(self, answer: bytes) -> None:
        """Bring an answer."""
        with self._lock:
            self._done += answer

    def send(self, *, hold: bool) -> None:
        """Send what there is, unless it may be held for more and has not been for long."""
        with self._lock:
            now = time.monotonic()
            if not self._done or (hold and now - self._sent_at < _HELD_S):
                return
            self._stream.write(self._done)
            self._stream.flush()
            self._done.clear()
            self._sent_at = now
