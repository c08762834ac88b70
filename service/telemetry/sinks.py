"""A sink: one writer with a thread and a bounded queue of its own."""

import select
import threading
import time
from collections import deque
from collections.abc import Callable

from service.telemetry.writers import Writer

__all__ = ["MAX_WAITING_BYTES", "Line", "Sink"]

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""Memory of the documents in the lines that wait in one sink. One is taken whatever its size."""

_COALESCING_S = 0.01
"""How long the first line waits for others: waking the thread costs requests more time than the
line itself does."""


class Line:
    """One line of the log, rendered by the first sink that needs it and only once.

    `memory_bytes` is the memory that its event holds beyond a few kilobytes.
    """

    def __init__(self, render: Callable[[], bytes], memory_bytes: int = 0) -> None:
        self.memory_bytes = memory_bytes
        self._render: Callable[[], bytes] | None = render
        self._rendered = b""
        self._lock = threading.Lock()

    def rendered(self) -> bytes:
        """Return the line with its newline; empty where the event cannot be rendered."""
        with self._lock:
            if self._render is not None:
                self._rendered = _rendered(self._render)
                self._render = None
            return self._rendered


def _rendered(render: Callable[[], bytes]) -> bytes:
    try:
        return render()
    except Exception:  # noqa: BLE001 (an event that cannot be rendered costs its line, not the sink)
        return b""


class Sink:
    """Writes lines in order, from a daemon thread, so that offering one never waits.

    A line is *lost* when this sink will never write it: it was offered while `capacity` lines or
    `max_bytes` of their memory were waiting or after the sink was closed, it cannot be rendered, or
    the writer could not write all of it (a full disk, a missing directory, a reader that is gone).
    """

    def __init__(
        self, name: str, writer: Writer, *, capacity: int, max_bytes: int = MAX_WAITING_BYTES
    ) -> None:
        self._writer = writer
        self._capacity = capacity
        self._max_bytes = max_bytes
        self._bytes = 0
        self._queue: deque[Line] = deque()
        self._offered = 0
        self._settled = 0
        self._awaited = 0
        self._lost = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"log-{name}", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """The number of lines offered so far that will never be written."""
        return self._lost

    def offer(self, line: Line) -> None:
        """Queue `line`, or count it as lost; never waits for the writer."""
        with self._changed:
            self._offered += 1
            if self._closing or self._is_full_for(line):
                self._settled += 1
                self._lost += 1
                return
            self._bytes += line.memory_bytes
            self._queue.append(line)
            if len(self._queue) == 1:
                self._changed.notify_all()

    def flush(self, deadline: float) -> bool:
        """Wait until all lines offered so far are written or lost; false at `deadline`.

        `deadline` is on `time.monotonic`.
        """
        with self._changed:
            offered = self._awaited = self._offered
            self._changed.notify_all()
            return self._changed.wait_for(
                lambda: self._settled >= offered, deadline - time.monotonic()
            )

    def close(self) -> None:
        """Accept no more lines; the thread writes those that wait, and ends."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def join(self, deadline: float) -> bool:
        """Wait for the end of the thread; false at `deadline`, which is on `time.monotonic`."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def _is_full_for(self, line: Line) -> bool:
        if self._offered - self._settled > self._capacity:
            return True
        return self._bytes > 0 and self._bytes + line.memory_bytes > self._max_bytes

    def _run(self) -> None:
        while self._coalesced():
            while self._queue:
                lines = self._take()
                written = self._writer.write(b"".join(line.rendered() for line in lines))
                self._settle(lines, lost=len(lines) - written)
        self._writer.close()

    def _coalesced(self) -> bool:
        """Wait for a line, then a while for others; false where the sink closes without any."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            self._changed.wait_for(
                lambda: self._closing or self._awaited > self._settled, _COALESCING_S
            )
            return bool(self._queue)

    def _take(self) -> list[Line]:
        """Remove the next line, and those after it that fit into one write with it."""
        # Up to this size a write to a pipe is atomic, even when other processes write to it.
        room = select.PIPE_BUF
        lines: list[Line] = []
        while self._queue and (not lines or len(self._queue[0].rendered()) <= room):
            lines.append(self._queue.popleft())
            room -= len(lines[-1].rendered())
        return lines

    def _settle(self, lines: list[Line], *, lost: int) -> None:
        with self._changed:
            self._settled += len(lines)
            self._bytes -= sum(line.memory_bytes for line in lines)
            self._lost += lost
            self._changed.notify_all()
