"""The documents that logs tell of, one after the other, with what was captured of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.events.lines import Malformed, Torn, read_line
from guards.events.log_files import LogFile
from guards.events.replay_started import ReplayStarted
from guards.events.request_observed import RequestObserved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from guards.events.lines import ReadLine
    from guards.json_types import JsonMapping

__all__ = ["RecordedDocument", "recorded_documents"]

_NAMES = [f'"{kind.name}"'.encode() for kind in (ReplayStarted, RequestObserved)]


@dataclass(frozen=True, slots=True)
class RecordedDocument:
    """A document that was answered; ``document`` is its text and features, None if not captured."""

    request_id: str
    observed_at: datetime
    segment: str | None
    document: JsonMapping | None


def recorded_documents(
    paths: Iterable[Path], progress: Callable[[int], object] | None = None
) -> Iterator[RecordedDocument]:
    """Yield the documents of logs in the order of their lines, one for each request id: the first.

    Replays are passed over, and so are lines that are malformed, which ``LogTable`` counts.
    ``progress`` is called with the number of bytes of each block. Raises ``CallError`` where a path
    cannot be read.
    """
    seen: set[str] = set()
    replays: set[str] = set()
    for path in paths:
        for block in LogFile(path).blocks():
            for line in filter(None, map(_line, block.lines())):
                match line.event:
                    case ReplayStarted():
                        replays.add(line.stamp.run)
                    case RequestObserved() as event if line.stamp.run not in replays:
                        if event.request_id not in seen:
                            seen.add(event.request_id)
                            yield _recorded(event)
            if progress is not None:
                progress(block.size)


def _line(data: bytes) -> ReadLine | None:
    # Most lines are parsed for nothing otherwise.
    if not any(name in data for name in _NAMES):
        return None
    try:
        return read_line(data)
    except (Torn, Malformed):
        return None


def _recorded(event: RequestObserved) -> RecordedDocument:
    document: JsonMapping | None = None
    match event.document:
        case {"text": str() as text, "features": dict() as features}:
            document = {"text": text, "features": features}
    return RecordedDocument(event.request_id, event.observed_at, event.segment, document)
