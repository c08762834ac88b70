"""The structured event log: one JSON object a line, to stdout and to a file.

Emitting stamps an event and queues it. It is rendered and written on the threads of the sinks, so
that a reader that does not read, or a full disk, costs lines, which are counted, and no request.
"""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from guards.events.events import Event
from guards.events.rendering import line_renderer
from service.telemetry.sinks import Line, Sink
from service.telemetry.writers import Descriptor, LogFile

__all__ = ["EventLog"]

_CLOSE_S = 5.0


class EventLog:
    """The event log of one run of one replica; safe to use from any thread.

    `stdout` is an open file descriptor, `path` a file to append to, which is `private` where
    documents are written, `capacity` the lines that may wait in each sink. Close the log at the
    end: its threads do not keep the process alive.
    """

    def __init__(  # noqa: PLR0913 (the parts of a log)
        self,
        replica: str,
        run: str,
        *,
        stdout: int,
        path: Path | None,
        private: bool = False,
        capacity: int = 10_000,
    ) -> None:
        self._render = line_renderer(replica, run)
        self._seq = 0
        self._lock = threading.Lock()
        self._sinks = {"stdout": Sink("stdout", Descriptor(stdout), capacity=capacity)}
        if path is not None:
            self._sinks["file"] = Sink("file", LogFile(path, private=private), capacity=capacity)

    @property
    def lost(self) -> Mapping[str, int]:
        """Lines that will never be written, by sink: `stdout`, and `file` where there is one.

        A line is lost when the sink's queue was full (of lines, or of documents) or closed, when
        the sink could not write all of it, and, in every sink, when the event could not be
        rendered.
        """
        return {name: sink.lost for name, sink in self._sinks.items()}

    @property
    def lost_lines(self) -> int:
        """The sum of `lost`."""
        return sum(self.lost.values())

    def emit(self, event: Event, memory_bytes: int = 0) -> None:
        """Stamp the event and queue it for every sink; never waits for a sink and never raises.

        The stamp consists of `timestamp`, `event`, `schema`, `replica`, `run` and `seq`, which
        counts from 1, so that a lost line leaves a gap. The event is rendered later: what it refers
        to must not be changed. `memory_bytes` is the memory of a document that it holds.
        """
        with self._lock:
            self._seq += 1
            line = Line(partial(self._render, event, datetime.now(UTC), self._seq), memory_bytes)
            for sink in self._sinks.values():
                sink.offer(line)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was emitted so far is written or lost; false if it takes longer."""
        deadline = time.monotonic() + timeout_s
        return all(sink.flush(deadline) for sink in self._sinks.values())

    def close(self, timeout_s: float = _CLOSE_S) -> bool:
        """Flush and stop; false if that takes longer. Lines emitted after this are lost."""
        deadline = time.monotonic() + timeout_s
        for sink in self._sinks.values():
            sink.close()
        return all(sink.join(deadline) for sink in self._sinks.values())
