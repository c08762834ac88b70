"""A private DuckDB database that holds the lines of logs as tables, in bounded memory."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from guards.bundle.identity import BundleIdentity
from guards.events.alarms import DriftAlarm
from guards.events.comparison_completed import ComparisonCompleted
from guards.events.drift_reference import DriftReference
from guards.events.drift_window import DriftWindow
from guards.events.feedback_received import FeedbackReceived
from guards.events.line_rows import (
    TABLES,
    LineKind,
    awaited_row,
    completed_rows,
    feedback_row,
    line_row,
    window_row,
)
from guards.events.lines import Malformed, Torn, read_line
from guards.events.observed_sql import CREATE_MACROS, CREATE_TABLES, READ_BLOCK
from guards.events.replay_started import ReplayStarted
from guards.events.request_observed import RequestObserved
from guards.events.service_events import ServiceStarted
from guards.events.window_parts import WindowParts
from guards.moments import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from guards.drift.line_cells import CellDetail
    from guards.events.events import Event
    from guards.events.lines import ReadLine, Stamp
    from guards.events.log_files import Block, LogFile
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["LogDatabase"]

_MEMORY_LIMIT = "1GB"
_BATCH_ROWS = 2048
"""DuckDB hands batches to its threads, and works on as many rows at a time."""

_CONFIGURE = f"""
set memory_limit = '{_MEMORY_LIMIT}';
set autoinstall_known_extensions = false;
set autoload_known_extensions = false;
set python_enable_replacements = false;
set enable_external_access = false;
set lock_configuration = true;
"""

_OTHERS = """
select position from lines where position >= $first and kind is null order by position
"""

_NAMED = f"""
with named as (
    select name, version, fingerprint, min(position) as position from lines
    where position >= $first and kind = {LineKind.OBSERVED} group by all
)
select name, version, fingerprint, position, try(json_keys(line, '$.champion.probabilities'))
from named join block using (position)
"""  # noqa: S608 (our own names)
"""The labels are null where only Python reads the line, which holds a NaN for example."""


class LogDatabase:
    """The lines that were read, and how many were left out.

    ``lines`` were read, of which ``torn`` and ``malformed`` ones are not in the tables. ``labels``
    are those of each champion, and ``windows``, without their counts, those of each run and
    ``seq``, in parts as they are written. What does not fit into memory is in a directory of its
    own, which ``close`` removes. ``starts`` are by run, ``replays`` the
    runs of replays, ``alarms``, with their moment, by run and ``seq``, and ``references`` by run,
    fingerprint, detail and part.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.torn = 0
        self.malformed = 0
        self.labels: dict[BundleIdentity, tuple[str, ...]] = {}
        self.windows: dict[tuple[str, int], DriftWindow] = {}
        self.starts: dict[str, ServiceStarted] = {}
        self.replays: set[str] = set()
        self.alarms: dict[tuple[str, int], tuple[int, DriftAlarm]] = {}
        self.references: dict[tuple[str, str, CellDetail, int], DriftReference] = {}
        self._position = 0
        self._directory = TemporaryDirectory(prefix="understudy-logs-")
        self._connection = duckdb.connect(":memory:")
        self._connection.execute("set temp_directory = $1", [self._directory.name])
        self._connection.execute("attach ':memory:' as logs (compress); use logs")
        for statements in (_CONFIGURE, CREATE_TABLES, CREATE_MACROS):
            self._connection.execute(statements)

    def close(self) -> None:
        """Close the database and remove its files."""
        self._connection.close()
        self._directory.cleanup()

    def joined_windows(self) -> tuple[list[DriftWindow], int]:
        """Return the whole windows, and how many lack a part."""
        parts = WindowParts()
        added = [parts.add(run, window) for (run, _), window in self.windows.items()]
        return [window for window in added if window is not None], parts.incomplete

    def execute(
        self, query: str, parameters: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._connection.execute(query, parameters).fetchall()

    def batches(
        self, query: str, parameters: Mapping[str, object] | None = None, rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query, about as many at a time; other queries may run meanwhile."""
        with self._connection.cursor() as cursor:
            cursor.execute("use logs")
            yield from cursor.sql(query, params=parameters).to_arrow_reader(rows)

    def read(self, file: LogFile) -> bool:
        """Add the lines of a file; return False where it is not empty and has no event.

        Raises ``CallError`` where the file cannot be read.
        """
        lines = self.lines
        whole = sum(self._read(block) for block in file.blocks())
        self.execute("delete from lines where kind is null")
        return whole > 0 or (self.lines == lines and file.broken is None)

    def _read(self, block: Block) -> int:
        """Add the lines of a block, and return how many of them are whole."""
        first = self._position
        self._position += len(block)
        table = pa.table({"position": np.arange(first, self._position), "line": block.texts()})
        batches = table.to_batches(max_chunksize=_BATCH_ROWS)
        with self._registered("block", pa.Table.from_batches(batches, table.schema)):
            self._connection.execute(READ_BLOCK)
            others = self.execute(_OTHERS, {"first": first})
            plain = len(block) - len(others)
            self.lines += plain
            whole = self._read_others((row[0], block.line(row[0] - first)) for row in others)
            self._read_labels(block, first)
        return plain + whole

    def _read_labels(self, block: Block, first: int) -> None:
        """Keep the labels of champions that no earlier block named."""
        for *identity, position, labels in self.execute(_NAMED, {"first": first}):
            champion = BundleIdentity(*identity)
            if champion not in self.labels:
                if labels is None:
                    line = json.loads(block.line(position - first))
                    labels = line["champion"]["probabilities"]  # noqa: PLW2901 (the same ones)
                self.labels[champion] = tuple(dict.fromkeys(labels))

    def _read_others(self, lines: Iterable[tuple[int, bytes]]) -> int:
        rows: defaultdict[str, list[JsonObject]] = defaultdict(list)
        for position, data in lines:
            line = self._counted(data)
            if line is None:
                continue
            rows["lines"].append(line_row(position, line))
            match line.event:
                case FeedbackReceived() as label:
                    rows["feedback"].append(feedback_row(position, label))
                case RequestObserved(outcomes=outcomes) as observed:
                    if any(outcome.outcome is None for outcome in outcomes):
                        rows["awaited"].append(awaited_row(position, observed))
                case ComparisonCompleted() as completed:
                    rows["completed"] += completed_rows(position, completed, line.fields)
                case other:
                    if isinstance(other, DriftWindow):
                        rows["windows"].append(window_row(position, other))
                    self._keep(line.stamp, other)
        for table, added in rows.items():
            self._insert(table, pa.Table.from_pylist(added, TABLES[table]))
        return len(rows["lines"])

    def _keep(self, stamp: Stamp, event: Event | None) -> None:
        """Keep an event of which a log has few."""
        match event:
            case ServiceStarted():
                self.starts[stamp.run] = event
            case ReplayStarted():
                self.replays.add(stamp.run)
            case DriftAlarm():
                self.alarms[stamp.run, stamp.seq] = microseconds(stamp.timestamp), event
            case DriftReference():
                # A run tells it every day anew.
                self.references[stamp.run, event.reference, event.cells, event.part] = event
            case DriftWindow():
                # Counts are most of a window, and years of them would fill the memory.
                kept = replace(event, counts=_new_categories(event.counts))
                self.windows[stamp.run, stamp.seq] = kept

    def _counted(self, data: bytes) -> ReadLine | None:
        if not data or data.isspace():
            return None
        self.lines += 1
        try:
            return read_line(data)
        except Torn:
            self.torn += 1
        except Malformed:
            self.malformed += 1
        return None

    def _insert(self, name: str, rows: pa.Table) -> None:
        with self._registered("added", rows):
            self._connection.execute(f"insert into {name} select * from added")  # noqa: S608 (ours)

    @contextmanager
    def _registered(self, name: str, table: pa.Table) -> Iterator[None]:
        self._connection.register(name, table)
        try:
            yield
        finally:
            self._connection.unregister(name)


def _new_categories(counts: JsonMapping) -> JsonObject:
    """Return the counts of a window without all but its new categories."""
    features = counts.get("features", {})
    return {
        "features": {
            name: {"new": feature["new"]} for name, feature in features.items() if "new" in feature
        }
    }
