"""The documents that a service wrote into its log, where its setting ``CAPTURE`` said so."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from guards.events.log_files import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = ["CAPTURED", "CapturedDocument", "captured_documents", "captured_lines"]

CAPTURED = b'"document":'
"""The bytes that only lines with a document hold: quotes within a text are escaped."""

_REQUEST_ID = re.compile(rb'"request_id":\s*"((?:[^"\\]|\\.)*)"')


class CapturedDocument(NamedTuple):
    """A document of a line; ``at`` is when it was observed, or compared, in RFC 3339.

    ``run`` is the run that answered it.
    """

    request_id: str
    run: str
    at: str
    text: str
    features: JsonObject


def captured_lines(
    paths: Iterable[Path],
    progress: Callable[[int], object] | None = None,
    wanted: Callable[[str], bool] | None = None,
) -> Iterator[CapturedDocument]:
    """Yield the document of each line of logs that holds one.

    With ``wanted``, which takes a request id, only those that it wants. Raises ``CallError`` where
    a path cannot be read. ``progress`` is called with the number of bytes of each block.
    """
    for path in paths:
        for block in LogFile(path).blocks():
            for data in block.lines():
                # Most logs hold none, and parsing every line would take minutes.
                if CAPTURED in data and (wanted is None or _may_be(data, wanted)):
                    line = _captured(data)
                    if line is not None and (wanted is None or wanted(line.request_id)):
                        yield line
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
        for line in captured_lines(paths, progress, request_ids.__contains__)
    }


def _may_be(data: bytes, wanted: Callable[[str], bool]) -> bool:
    """Return whether a line may have an id that is wanted; a feature may be called as the id is."""
    for raw in _REQUEST_ID.findall(data):
        # An escape in it needs the parser: whether it is wanted is asked again then.
        if b"\\" in raw or wanted(raw.decode(errors="replace")):
            return True
    return False


def _captured(data: bytes) -> CapturedDocument | None:
    try:
        line = json.loads(data)
        document = line["document"]
        at = line.get("observed_at") or line["timestamp"]
        run = line["run" if "observed_at" in line else "origin_run"]
        texts = line["request_id"], run, at, document["text"]
        # As much as is needed to join and to sort: whole lines are judged where logs are read.
        whole = all(isinstance(text, str) for text in texts)
        return CapturedDocument(*texts, {**document["features"]}) if whole else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
