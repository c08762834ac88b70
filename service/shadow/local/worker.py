"""Answers documents in a challenger's process, one per lane."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Lock
from typing import TYPE_CHECKING

from artifacts.bundle.preprocessing import Encoding
from guards.schema import CanonicalRow
from service.shadow.local import codec, wire

if TYPE_CHECKING:
    from io import BufferedIOBase

    from artifacts.bundle.opening import Bundle
    from service.engines import Engine
    from service.shadow.local.wire import Message

__all__ = ["Worker"]

_CHUNK_BYTES = 64 * 1024
"""The capacity of a pipe."""

_COALESCING_S = 0.05
"""How long answers wait for others while more documents are available."""


class Worker:
    """Reads documents from one stream, and writes answers to another as they are ready."""

    def __init__(
        self, bundle: Bundle, engine: Engine, requests: BufferedIOBase, answers: BufferedIOBase
    ) -> None:
        """Answer with this bundle on this engine."""
        self._bundle = bundle
        self._engine = engine
        self._requests = _Requests(requests)
        self._answers = _Answers(answers)

    def answer_until_the_end(self, lanes: int) -> None:
        """Run the lanes until the requests end; raises what is not the fault of a document."""
        with ThreadPoolExecutor(lanes, "lane") as pool:
            for lane in as_completed([pool.submit(self._run) for _ in range(lanes)]):
                lane.result()

    def _run(self) -> None:
        while (request := self._requests.take()) is not None:
            self._answers.send(coalesce=self._requests.available)
            self._answers.add(self._answer(request))
            self._answers.send(coalesce=self._requests.available)

    def _answer(self, request: Message) -> bytes:
        number = request.fields["id"]
        try:
            encoding = self._encoding(request)
            started, started_cpu = time.monotonic(), time.thread_time()
            (probabilities,) = self._engine.probabilities([encoding])
            infer_s, cpu_s = time.monotonic() - started, time.thread_time() - started_cpu
            return codec.answer(number, probabilities, infer_s, cpu_s)
        except Exception as error:  # noqa: BLE001 (one document fails, the process goes on)
            return wire.encode({"id": number, "error": type(error).__name__})

    def _encoding(self, request: Message) -> Encoding:
        """Return the encoding of a document; ``ValueError`` where the document does not fit."""
        if "token_ids" in request.fields:
            ids, columns = codec.arrays_of(request)
            return Encoding(ids, columns, CanonicalRow((), ()), unknown_tokens=0, truncated=False)
        preprocessing = self._bundle.preprocessing
        row, problems = preprocessing.schema.canonical(request.fields["features"])
        if problems:
            message = "the document does not fit this bundle's schema"
            raise ValueError(message)
        return preprocessing.encode([request.fields["text"]], [row])[0]


class _Requests:
    """The documents of a stream, for any free lane."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._messages: deque[Message] = deque()
        self._lock = Lock()

    @property
    def available(self) -> bool:
        """Whether ``take`` would return without waiting."""
        return bool(self._messages)

    def take(self) -> Message | None:
        """Wait for the next document and return it; None once the stream has ended."""
        with self._lock:
            while not self._messages:
                data = self._stream.read1(_CHUNK_BYTES)
                if not data:
                    return None
                self._buffer += data
                self._messages.extend(wire.take(self._buffer))
            return self._messages.popleft()


class _Answers:
    """Answers that are written several at once, since each write wakes the service."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._done = bytearray()
        self._sent_at = 0.0
        self._lock = Lock()

    def add(self, answer: bytes) -> None:
        """Add an answer to those that are not written."""
        with self._lock:
            self._done += answer

    def send(self, *, coalesce: bool) -> None:
        """Write the answers; with ``coalesce`` only if the last write was a while ago."""
        with self._lock:
            now = time.monotonic()
            if not self._done or (coalesce and now - self._sent_at < _COALESCING_S):
                return
            self._stream.write(self._done)
            self._stream.flush()
            self._done.clear()
            self._sent_at = now
