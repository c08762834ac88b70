"""The documents that a service wrote into its log, where its setting ``CAPTURE`` said so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from guards.events.log_files import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = ["CapturedDocument", "captured_documents", "captured_lines"]

_CAPTURED = b'"document":'


class CapturedDocument(NamedTuple):
    """A document of a line; ``at`` is when it was observed, or compared, in RFC 3339."""

    request_id: str
    at: str
    text: str
    features: JsonObject


def captured_lines(
    paths: Iterable[Path], progress: Callable[[int], object] | None = None
) -> Iterator[CapturedDocument]:
    """Yield the document of each line of logs that holds one.

    Raises ``CallError`` where a path cannot be read. ``progress`` is called with the number of
    bytes of each block.
    """
    for path in paths:
        for block in LogFile(path).blocks():
            yield from filter(None, map(_captured, block.lines()))
            if progress is not None:
                progress(block.size)


def captured_documents(
    paths: Iterable[Path],
    request_ids: Collection[str],
    progress: Callable[[int], object] | None = None,
) -> dict[str, JsonObject]:
    """Return ``text`` and ``features`` of these requests, as far as the logs hold them.

    Of a document that was sent again the one that was read last counts. Raises ``CallError`` where
    a path cannot be read. ``progress`` is called with the number of bytes of each block.
    """
    return {
        line.request_id: {"text": line.text, **line.features}
        for line in captured_lines(paths, progress)
        if line.request_id in request_ids
    }


def _captured(data: bytes) -> CapturedDocument | None:
    # Most logs hold none, and parsing every line would take minutes.
    if _CAPTURED not in data:
        return None
    try:
        line = json.loads(data)
        document = line["document"]
        at = line.get("observed_at") or line["timestamp"]
        texts = line["request_id"], at, document["text"]
        # As much as is needed to join and to sort: whole lines are judged where logs are read.
        whole = all(isinstance(text, str) for text in texts)
        return CapturedDocument(*texts, {**document["features"]}) if whole else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
