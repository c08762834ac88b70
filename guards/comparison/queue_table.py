"""Writes a label queue as the table that a person fills in, and that is read back as labels."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.evidence.labels import LabelSource
from guards.private_file import private_file, require_no_loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from guards.comparison.queue import LabelQueue

__all__ = ["require_free", "write_queue"]

_COLUMNS = ("label", "source", "stratum", "inclusion_probability", "labelled_at")


def write_queue(
    path: Path,
    queue: LabelQueue,
    documents: Mapping[str, Mapping[str, object]],
    labels: Mapping[str, str] | None = None,
) -> None:
    """Write a CSV with a row for each document of the queue, which only its owner may read.

    The cells of ``documents`` stand beside the request id that is their key. ``labels`` are filled
    in; the others are empty, or, as of today, given up where ``labels`` are given. Raises
    ``CallError`` as ``require_free`` does, and where no file can be written; half a file is not
    left behind.
    """
    require_free(path)
    with private_file(path) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
        csv.writer(text).writerows(_rows(queue, documents, labels))


def require_free(path: Path) -> None:
    """Raise ``CallError`` where there is a file that is more than a queue without any label."""
    require_no_loss(path, _holds_work)


def _holds_work(path: Path) -> bool:
    """Return whether a file is neither empty nor a queue in which nothing was filled in."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
    except ValueError:
        # Not a text, or empty, so that there is no header.
        return path.stat().st_size > 0
    except csv.Error:
        return True
    ours = header[: len(_COLUMNS) + 1] == ["request_id", *_COLUMNS]
    return not ours or any(row[1] or row[len(_COLUMNS)] for row in rows)


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
