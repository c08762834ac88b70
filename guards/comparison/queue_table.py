"""Writes a label queue as the table that a person fills in, and that is read back as labels."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.errors import CallError
from guards.evidence.labels import LabelSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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
    in; the others are empty, or, as of today, given up where ``labels`` are given. Raises
    ``CallError`` where there is a file already, or none can be written; half a file is not left
    behind.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        message = f"{path} exists already: name another file, or remove it"
        raise CallError(message) from None
    except OSError as error:
        raise _unwritten(path, error) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(_rows(queue, documents, labels))
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritten(path, error) from None
        raise


def _unwritten(path: Path, error: OSError) -> CallError:
    return CallError(f"{path} cannot be written: {error.strerror}")


def _rows(
    queue: LabelQueue,
    documents: Mapping[str, Mapping[str, object]],
    labels: Mapping[str, str] | None,
) -> Iterator[list[object]]:
    names = dict.fromkeys(name for document in documents.values() for name in document)
    extra = [name for name in names if name not in ("request_id", *_COLUMNS)]
    yield ["request_id", *_COLUMNS, *extra]
    for row in queue.rows:
        document = documents.get(row.request_id, {})
        probability = f"{row.inclusion_probability:.12g}"
        label = (labels or {}).get(row.request_id, "")
        given_up = "" if labels is None or label else datetime.now(UTC).date().isoformat()
        drawn = [LabelSource.QUEUE.value, row.stratum, probability, given_up]
        cells = ["" if document.get(name) is None else document[name] for name in extra]
        yield [row.request_id, label, *drawn, *cells]
