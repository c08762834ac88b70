"""The log of a replay, which goes on where it was interrupted."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.errors import CallError
from guards.events.lines import Malformed, Torn, read_line
from guards.events.rendering import line_renderer
from guards.events.replay_started import ReplayStarted
from guards.events.request_observed import RequestObserved
from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from guards.events.events import Event

__all__ = ["ReplayLog", "opened_replay_log"]

_REPLICA = "replay"
_OWNER_ONLY = 0o600


class ReplayLog:
    """The log of one replay: a run of its own, of which ``done`` are the request ids so far."""

    def __init__(self, file: BinaryIO, run: str, lines: int, done: set[str]) -> None:
        """Append to a file that has so many lines of this run."""
        self.run = run
        self.done = done
        self._file = file
        self._lines = lines
        self._render = line_renderer(_REPLICA, run)

    def write(self, events: Iterable[Event]) -> None:
        """Write the lines of events; those that were written stay if the process ends."""
        lines = []
        for event in events:
            self._lines += 1
            lines.append(self._render(event, datetime.now(UTC), self._lines))
            if isinstance(event, RequestObserved):
                self.done.add(event.request_id)
        self._file.write(b"".join(lines))
        self._file.flush()


@contextmanager
def opened_replay_log(path: Path, opening: Sequence[Event]) -> Iterator[ReplayLog]:
    """Begin a log with ``opening``, or go on with one that began with it.

    Only its owner may read a file that is made. A last line that was not written whole is written
    anew. Raises ``CallError`` where the file is anything else, or cannot be read or written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        with os.fdopen(descriptor, "r+b") as file:
            yield _begun(path, file, opening)
    except OSError as error:
        message = f"{printable(str(path))}: cannot be written: {error.strerror}"
        raise CallError(message) from error


def _begun(path: Path, file: BinaryIO, opening: Sequence[Event]) -> ReplayLog:
    found = _read(path, file)
    if found is not None and found.event != opening[0]:
        message = (
            f"{printable(str(path))}: is the replay of other bundles: name them again in the same "
            "order to go on, or another file"
        )
        raise CallError(message)
    if found is not None and found.lines >= len(opening):
        file.seek(found.size)
        file.truncate()
        return ReplayLog(file, found.run, found.lines, found.done)
    file.seek(0)
    file.truncate()
    log = ReplayLog(file, uuid.uuid4().hex, 0, set())
    log.write(opening)
    return log


@dataclass
class _Found:
    """What a file holds: its first event, its run, and how many whole lines of how many bytes."""

    event: Event | None
    run: str
    lines: int = 0
    size: int = 0
    done: set[str] = field(default_factory=set)


def _read(path: Path, file: BinaryIO) -> _Found | None:
    """Return what the file of a replay holds, None where it is empty."""
    found: _Found | None = None
    for data in file:
        if found is not None and not data.endswith(b"\n"):
            # The last line, which is written anew.
            break
        try:
            line = read_line(data)
        except (Torn, Malformed):
            raise _another(path) from None
        found = found or _Found(line.event, line.stamp.run)
        if not isinstance(found.event, ReplayStarted) or line.stamp.run != found.run:
            raise _another(path)
        if isinstance(line.event, RequestObserved):
            found.done.add(line.event.request_id)
        found.lines += 1
        found.size += len(data)
    return found


def _another(path: Path) -> CallError:
    return CallError(
        f"{printable(str(path))}: is there, and no replay to go on with: name another file, or "
        "remove it"
    )
