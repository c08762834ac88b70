"""The documents that a service wrote into its log, where its setting ``CAPTURE`` said so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from guards.events.log_files import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = ["captured_documents"]

_CAPTURED = b'"document":'


def captured_documents(
    paths: Iterable[Path],
    request_ids: Collection[str],
    progress: Callable[[int], object] | None = None,
) -> dict[str, JsonObject]:
    """Return ``text`` and ``features`` of these requests, as far as the logs hold them.

    Of a document that was sent again the one that was read last counts. Raises ``CallError`` where
    a path cannot be read. ``progress`` is called with the number of bytes of each block.
    """
    documents: dict[str, JsonObject] = {}
    for path in paths:
        for block in LogFile(path).blocks():
            found = map(_captured, block.lines())
            documents |= dict(entry for entry in found if entry and entry[0] in request_ids)
            if progress is not None:
                progress(block.size)
    return documents


def _captured(data: bytes) -> tuple[str, JsonObject] | None:
    # Most logs hold none, and parsing every line would take minutes.
    if _CAPTURED not in data:
        return None
    try:
        line = json.loads(data)
        document = line["document"]
        return line["request_id"], {"text": document["text"], **document["features"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
