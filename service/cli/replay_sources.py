"""Where the documents of a replay come from: the lines of logs, or the rows of a table."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import repeat
from typing import TYPE_CHECKING, TypeVar

from artifacts.tables import ColumnRoles, read_raw, table_of
from artifacts.tables.cells import text_of
from guards.errors import CallError, TableError
from guards.events.log_files import LogFile
from guards.events.recorded import RecordedDocument, recorded_documents
from guards.moments import from_iso8601
from guards.text import listed, printable
from service.cli.label_tables import request_id_of
from service.cli.output import log_progress, print_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from artifacts.bundle.opening import Bundle
    from artifacts.tables.raw import RawTable


__all__ = ["documents_of", "read_documents"]

T = TypeVar("T")

_TABLES = (".csv", ".tsv", ".parquet")
_REQUEST_ID, _OBSERVED_AT, _SEGMENT = "request_id", "observed_at", "segment"


def documents_of(
    sources: Sequence[Path], table: Path | None, bundles: Sequence[Bundle]
) -> Callable[[], Iterator[RecordedDocument]]:
    """Return what yields the documents of logs, or of one table, as often as it is called.

    Those of ``table`` are put in by request id where logs have not captured them. Logs never hold
    private columns: of bundles that have any, all documents come from ``table``. Raises
    ``CallError`` where a table stands beside others, and ``TableError`` where one cannot be read.
    """
    tables = [path for path in sources if not _is_log(path)]
    if not tables:
        joined = {} if table is None else read_documents(table, bundles)
        captured = not any(bundle.preprocessing.schema.private for bundle in bundles)
        return lambda: _recorded(sources, joined, captured=captured)
    if len(sources) > 1 or table is not None:
        message = (
            f"{printable(str(tables[0]))} is a table, which is replayed by itself: give one table, "
            "or logs with --documents"
        )
        raise CallError(message)
    found = read_documents(tables[0], bundles)
    return lambda: iter(found.values())


def _is_log(path: Path) -> bool:
    """Whether a file is a log; what is none of the usual tables and has no line is one, too."""
    if path.suffix.lower() in _TABLES:
        return False
    for block in LogFile(path).blocks():
        for data in block.lines():
            if data.strip():
                return _is_event(data)
    return True


def _is_event(data: bytes) -> bool:
    try:
        line = json.loads(data)
    except (ValueError, RecursionError):
        # A log may begin with what a rotation has cut.
        return True
    return isinstance(line, dict) and {"event", "schema", "run", "seq"} <= line.keys()


def _recorded(
    logs: Sequence[Path], joined: Mapping[str, RecordedDocument], *, captured: bool
) -> Iterator[RecordedDocument]:
    """Yield the documents of logs, with what was ``captured`` or what is joined from a table."""
    with log_progress(logs, "reading") as progress:
        for recorded in recorded_documents(logs, progress.update):
            if captured and recorded.document is not None:
                yield recorded
            else:
                other = joined.get(recorded.request_id)
                yield replace(recorded, document=None if other is None else other.document)


def read_documents(path: Path, bundles: Sequence[Bundle]) -> dict[str, RecordedDocument]:
    """Return the rows of a table that bundles can answer, by request id.

    Without the column, a row has its number for one. The columns ``observed_at``, an ISO 8601
    moment, and ``segment`` are optional, too: without, a row is observed now. Of a request id that
    comes again the first row counts. Raises ``TableError`` where a column that a bundle needs is
    not there, or a cell cannot be read, and ``CallError`` where the bundles take texts from
    different columns.
    """
    roles = _roles(bundles)
    raw = read_raw(path)
    table = table_of(raw, roles)
    print_notes(table.notes)
    now = datetime.now(UTC)
    found: dict[str, RecordedDocument] = {}
    rows = zip(
        table.documents,
        _column(raw, _REQUEST_ID, request_id_of) or map("row {}".format, table.rows),
        _column(raw, _OBSERVED_AT, _moment) or repeat(now),
        _column(raw, _SEGMENT, _segment) or repeat(None),
        strict=False,
    )
    for document, request_id, observed_at, segment in rows:
        recorded = RecordedDocument(request_id, observed_at, segment, document)
        found.setdefault(request_id, recorded)
    again = len(table) - len(found)
    if again:
        print_notes([f"{path}: {again} rows with a request_id of another row are left out"])
    return found


def _roles(bundles: Sequence[Bundle]) -> ColumnRoles:
    schemas = [bundle.preprocessing.schema for bundle in bundles]
    texts = {schema.text for schema in schemas}
    if len(texts) > 1:
        columns = listed([" and ".join(text) for text in sorted(texts)])
        message = (
            f"the bundles take texts from different columns, {columns}: replay them one by one"
        )
        raise CallError(message)
    numeric = dict.fromkeys(each.name for schema in schemas for each in schema.numeric)
    categorical = dict.fromkeys(each.name for schema in schemas for each in schema.categorical)
    return ColumnRoles(
        text=schemas[0].text,
        label="",
        numeric=tuple(numeric),
        categorical=tuple(name for name in categorical if name not in numeric),
    )


def _column(raw: RawTable, name: str, read: Callable[[object], T]) -> list[T] | None:
    if name not in raw.names:
        return None
    values = []
    for row, cell in enumerate(raw.column(name), 1):
        try:
            values.append(read(cell))
        except ValueError as error:
            message = f"{raw.name}: row {row}: {error}"
            raise TableError(message) from None
    return values


def _moment(cell: object) -> datetime:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC) if cell.tzinfo else cell.replace(tzinfo=UTC)
    try:
        return from_iso8601(text_of(cell) or "")
    except ValueError as error:
        message = f"observed_at {error}"
        raise ValueError(message) from None


def _segment(cell: object) -> str | None:
    return (text_of(cell) or "").strip() or None
