"""Documents with their labels, as training and measuring take them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import repeat
from typing import TYPE_CHECKING, Any

from artifacts.tables.cells import holds_several, kind_of, text_of
from artifacts.tables.files import read_raw
from artifacts.tables.labels import label_notes, labels_of_cells, unknown_labels
from artifacts.tables.notes import cell_notes
from artifacts.tables.raw import RawTable
from artifacts.tables.refusals import refused_cell, refused_feature
from guards.errors import TableError
from guards.plain_values import PLAIN_TYPES, plain_value
from guards.schema import NumericColumn
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    import pandas as pd

    from artifacts.tables.roles import ColumnRoles
    from guards.json_types import JsonObject
    from guards.schema import CanonicalRow, Schema

__all__ = [
    "Table",
    "as_table",
    "canonical_rows",
    "known_rows",
    "numeric_columns",
    "read_table",
    "table_of",
]


@dataclass(frozen=True, slots=True)
class Table:
    """Documents as in a request, and their labels in canonical form.

    ``rows`` are the row numbers of the documents in the table ``name``, counting from 1. ``notes``
    say what a reader of the table should look at before anything is fitted. ``left_out`` counts the
    rows that ``known_rows`` left out.
    """

    name: str
    documents: list[JsonObject]
    labels: list[str]
    rows: list[int]
    notes: tuple[str, ...] = ()
    left_out: int = 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.documents)

    @property
    def features(self) -> dict[str, list[object]]:
        """The cells of each feature column."""
        names = self.documents[0]["features"] if self.documents else ()
        return {name: [each["features"][name] for each in self.documents] for name in names}

    def take(self, rows: Sequence[int]) -> Table:
        """Return the table of these rows, in this order."""
        return replace(
            self,
            documents=[self.documents[row] for row in rows],
            labels=[self.labels[row] for row in rows],
            rows=[self.rows[row] for row in rows],
        )


def read_table(
    path: Path, roles: ColumnRoles, find_label: Callable[[object], str | None] | None = None
) -> Table:
    """Read a CSV, Parquet or JSON Lines table.

    The ``text`` of a document is that of its text columns, joined with a space, without blank ones.
    Rows are in the order of the time column, if there is one. A label is what ``find_label`` has
    for its cell, the label of a bundle, and else the cell in canonical form.

    Raises ``TableError`` for a table that cannot be read, lacks a column, is empty, or has a row
    without a label, with several labels or texts, with a cell that is no text, number or truth
    value, or with a malformed time.
    """
    return table_of(read_raw(path, roles.columns), roles, find_label)


def as_table(frame: pd.DataFrame, roles: ColumnRoles, name: str) -> Table:
    """Return the table of a frame, like ``read_table``; ``name`` is for messages."""
    names = tuple(frame.columns)
    used = [column for column in roles.columns if names.count(column) == 1]
    cells = {column: frame[column].tolist() for column in used}
    return table_of(RawTable(name, names, len(frame), cells), roles)


def table_of(
    raw: RawTable, roles: ColumnRoles, find_label: Callable[[object], str | None] | None = None
) -> Table:
    """Return the table of cells that were read, like ``read_table``.

    Labels are empty where ``roles`` have no label column.
    """
    raw.require(roles.columns)
    texts = _texts(raw, roles.text)
    features = {name: _features(raw, name) for name in roles.features}
    labels = _labels(raw, roles, find_label)
    rows = zip(*features.values(), strict=True) if features else repeat((), raw.rows)
    table = Table(
        raw.name,
        documents=[
            {"text": text, "features": dict(zip(features, row, strict=True))}
            for text, row in zip(texts, rows, strict=True)
        ],
        labels=labels,
        rows=list(range(1, raw.rows + 1)),
        notes=(*raw.notes, *cell_notes(raw, roles), *label_notes(labels, roles.label)),
    )
    if roles.time is None:
        return table
    times = _times(raw.column(roles.time), roles.time, raw.name)
    return table.take(sorted(range(len(table)), key=times.__getitem__))


def known_rows(table: Table, labels: Collection[str], whose: str, *, skip: bool) -> Table:
    """Return the rows whose label is one of ``labels``, with a note on the others if any.

    ``whose`` labels they are is for messages. Raises ``TableError`` where there are others unless
    they are to be skipped, and where that leaves no row.
    """
    known = frozenset(labels)
    kept = [row for row, label in enumerate(table.labels) if label in known]
    if len(kept) == len(table):
        return table
    unknown = unknown_labels(table.labels, known)
    if not skip or not kept:
        hint = "" if skip else "; use --skip-unknown-labels to leave them out"
        message = f"{table.name}: {unknown}, none of {whose}: {listed(sorted(known))}{hint}"
        raise TableError(message)
    note = f"{table.name}: {unknown}, none of {whose}, are left out of {len(table)}"
    return replace(
        table.take(kept),
        notes=(*table.notes, note),
        left_out=table.left_out + len(table) - len(kept),
    )


def canonical_rows(table: Table, schema: Schema) -> list[CanonicalRow]:
    """Return the canonical rows of a table; raises ``TableError`` with the row and column."""
    rows = []
    for number, document in zip(table.rows, table.documents, strict=True):
        row, problems = schema.canonical(document["features"], path="")
        if problems:
            raise refused_cell(table.name, number, problems[0], document["features"], schema)
        rows.append(row)
    return rows


def numeric_columns(roles: ColumnRoles, rows: Sequence[CanonicalRow]) -> tuple[NumericColumn, ...]:
    """Describe each numeric column by the range of its values in ``rows``, without the missing."""
    columns = []
    for index, name in enumerate(roles.numeric):
        present = [row.numeric[index] for row in rows if not math.isnan(row.numeric[index])]
        columns.append(
            NumericColumn(
                name,
                min(present, default=None),
                max(present, default=None),
                private=name in roles.private,
                missing=roles.own_markers(name),
            )
        )
    return tuple(columns)


def _labels(
    raw: RawTable, roles: ColumnRoles, find: Callable[[object], str | None] | None
) -> list[str]:
    if not roles.label:
        return [""] * raw.rows
    cells, missing = raw.column(roles.label), roles.markers_of(roles.label)
    return labels_of_cells(cells, roles.label, raw.name, missing, find)


def _texts(raw: RawTable, names: Sequence[str]) -> list[str]:
    """Join the text columns with one space, without blank ones; a single one stays as it is."""
    columns = [_text_column(raw, name) for name in names] or [[""] * raw.rows]
    if len(columns) == 1:
        return columns[0]
    return [
        " ".join(text for text in texts if text.strip()) for texts in zip(*columns, strict=True)
    ]


def _text_column(raw: RawTable, name: str) -> list[str]:
    texts = []
    for row, cell in enumerate(raw.column(name), 1):
        text = text_of(cell)
        if text is None:
            place = f"{raw.name}: row {row} of {name!r}"
            if holds_several(cell):
                message = f"{place} holds several texts; join them first"
            else:
                message = f"{place} is {kind_of(cell)}; write it as a text"
            raise TableError(message)
        texts.append(text)
    return texts


def _features(raw: RawTable, name: str) -> list[object]:
    """Return the cells of a feature column as JSON holds them."""
    cells = [plain_value(cell) for cell in raw.column(name)]
    for row, cell in enumerate(cells, 1):
        if type(cell) not in PLAIN_TYPES:
            raise refused_feature(raw.name, row, name, cell)
    return cells


def _times(cells: Sequence[object], name: str, table: str) -> list[Any]:
    """Return times that can be compared: as texts, 10 would come before 2."""
    # Imported where it is needed: the library takes half a second.
    import pandas as pd  # noqa: PLC0415

    column = pd.Series([text_of(cell) or str(cell) for cell in cells], dtype="string")
    numbers = pd.to_numeric(column, errors="coerce")
    dates = pd.to_datetime(column, errors="coerce", format="ISO8601", utc=True)
    times = numbers if numbers.notna().sum() >= dates.notna().sum() else dates
    if times.isna().any():
        row = times.isna().argmax() + 1
        message = f"{table}: row {row} of {name!r} is no number and no ISO 8601 time"
        raise TableError(message)
    return times.tolist()
