"""Writes a label queue as the table that a person fills in, and that is read back as labels."""

from __future__ import annotations

import csv
import os
from typing import TYPE_CHECKING

from guards.errors import CallError
from guards.evidence.labels import LabelSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from guards.comparison.queue import LabelQueue

__all__ = ["write_queue"]

_COLUMNS = ("label", "source", "stratum", "inclusion_probability", "labelled_at")
_OWNER_ONLY = 0o600


def write_queue(
    path: Path,
    queue: LabelQueue,
    documents: Mapping[str, Mapping[str, object]],
    labels: Mapping[str, str] | None = None,
) -> None:
    """Write a CSV with a row for each document of the queue, which only its owner may read.

    The cells of ``documents`` stand beside the request id that is their key. ``labels`` are filled
    in; others are empty. An earlier file is replaced. Raises ``CallError`` where it cannot be.
    """
    names = dict.fromkeys(name for document in documents.values() for name in document)
    extra = [name for name in names if name not in ("request_id", *_COLUMNS)]
    known = labels or {}
    try:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise CallError(message) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["request_id", *_COLUMNS, *extra])
        for row in queue.rows:
            document = documents.get(row.request_id, {})
            probability = f"{row.inclusion_probability:.12g}"
            drawn = [LabelSource.QUEUE.value, row.stratum, probability, ""]
            cells = ["" if document.get(name) is None else document[name] for name in extra]
            writer.writerow([row.request_id, known.get(row.request_id, ""), *drawn, *cells])
