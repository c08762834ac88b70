"""Read labelled tables as documents, before anything is fitted."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from guards.errors import TableError, first_line
from guards.schema import CategoricalColumn, NumericColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from guards.json_types import JsonObject
    from guards.schema import CanonicalRow

__all__ = [
    "ColumnRoles",
    "Table",
    "as_table",
    "canonical_rows",
    "holds_several",
    "numeric_columns",
    "read_frame",
    "read_table",
    "text_of",
]


@dataclass(frozen=True, slots=True)
class ColumnRoles:
    """The role of each column of a table; several text columns are joined in this order."""

    text: tuple[str, ...]
    label: str
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    time: str | None = None

    def __post_init__(self) -> None:
        """Raise ``TableError`` for a column with two roles, or a private one that is no feature."""
        named = [*self.text, self.label, *self.numeric, *self.categorical]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            message = f"column {twice[0]!r} is given two roles; give it one"
            raise TableError(message)
        stray = sorted({*self.private} - {*self.numeric, *self.categorical})
        if stray:
            message = f"--private {stray[0]!r} is neither a --numeric nor a --categorical column"
            raise TableError(message)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the feature columns, numeric ones first."""
        return (*self.numeric, *self.categorical)

    def open_schema(self) -> Schema:
        """Return a schema without ranges and categories."""
        return Schema(
            text=self.text,
            numeric=tuple(NumericColumn(name, None, None) for name in self.numeric),
            categorical=tuple(CategoricalColumn(name, ()) for name in self.categorical),
            labels=(),
        )


@dataclass(frozen=True, slots=True)
class Table:
    """Documents as in a request, and their labels.

    ``rows`` are the row numbers of the documents in the table ``name``, counting from 1.
    """

    name: str
    documents: list[JsonObject]
    labels: list[str]
    rows: list[int]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.documents)

    def take(self, rows: Sequence[int]) -> Table:
        """Return the table of these rows, in this order."""
        return Table(
            self.name,
            [self.documents[row] for row in rows],
            [self.labels[row] for row in rows],
            [self.rows[row] for row in rows],
        )


def read_table(path: Path, roles: ColumnRoles) -> Table:
    """Read a CSV, Parquet or JSON Lines table.

    The ``text`` of a document is that of its text columns, joined with a space, without blank ones.
    Rows are in the order of the time column, if there is one. Raises ``TableError`` for a table
    that cannot be read, lacks a column, is empty, or has a row without a label, with several labels
    or texts, or with a malformed time.
    """
    return as_table(read_frame(path), roles, str(path))


def canonical_rows(table: Table, schema: Schema) -> list[CanonicalRow]:
    """Return the canonical rows of a table; raises ``TableError`` with the row and column."""
    rows = []
    for number, document in zip(table.rows, table.documents, strict=True):
        row, problems = schema.canonical(document["features"], path=f"row {number}")
        if problems:
            message = f"{table.name}: {problems[0].path} {problems[0].problem}"
            raise TableError(message)
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
            )
        )
    return tuple(columns)


def as_table(frame: pd.DataFrame, roles: ColumnRoles, name: str) -> Table:
    """Return the table of a frame, like ``read_table``; ``name`` is for messages."""
    _check_columns(frame, roles, name)
    columns = {column: frame[column].tolist() for column in (*roles.text, *roles.features)}
    table = Table(
        name,
        documents=[
            {
                "text": _joined([_one_text(columns[c][row], c, row, name) for c in roles.text]),
                "features": {c: _cell(columns[c][row]) for c in roles.features},
            }
            for row in range(len(frame))
        ],
        labels=[
            _label(value, roles.label, row, name)
            for row, value in enumerate(frame[roles.label].tolist())
        ],
        rows=list(range(1, len(frame) + 1)),
    )
    if roles.time is None:
        return table
    times = _times(frame[roles.time], roles.time, name)
    return table.take(sorted(range(len(table)), key=times.__getitem__))


def _read_csv(path: Path) -> pd.DataFrame:
    """Read every cell as text, which the schema of the bundle interprets as in a request."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            # By default, the first cell of rows with one too many would be no column.
            return pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
        except pd.errors.ParserWarning:
            message = "its rows have more cells than its header"
            raise ValueError(message) from None


def _read_json_lines(path: Path) -> pd.DataFrame:
    """Read values as from a request: exact numbers, and no lone surrogates."""
    with path.open(encoding="utf-8-sig") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    json.dumps(rows, ensure_ascii=False).encode()
    return pd.DataFrame(rows, dtype=object)


_READERS: Mapping[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".parquet": pd.read_parquet,
    ".jsonl": _read_json_lines,
}


def read_frame(path: Path) -> pd.DataFrame:
    """Read a CSV, Parquet or JSON Lines table with its values as they are.

    The cells of a CSV are texts. Raises ``TableError`` for a table that cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        message = f"{path}: expected .csv, .parquet or .jsonl, found {path.suffix or 'no ending'!r}"
        raise TableError(message)
    if not path.is_file():
        message = f"{path}: no such file"
        raise TableError(message)
    try:
        return reader(path)
    except Exception as error:  # noqa: BLE001 (three readers, many ways to fail)
        message = f"{path}: cannot be read as {path.suffix[1:]}: {first_line(error)}"
        raise TableError(message) from None


def _check_columns(frame: pd.DataFrame, roles: ColumnRoles, name: str) -> None:
    columns = [*roles.text, roles.label, *roles.features, *([roles.time] if roles.time else [])]
    if frame.shape[0] == 0:
        message = f"{name}: has no rows"
        raise TableError(message)
    for column in columns:
        if column not in frame.columns:
            have = ", ".join(map(str, frame.columns[:30]))
            message = f"{name}: no column {column!r}; it has {have}"
            raise TableError(message)


def _times(column: pd.Series[Any], name: str, table: str) -> list[Any]:
    """Return times that can be compared: as texts, 10 would come before 2."""
    numbers = pd.to_numeric(column, errors="coerce")
    texts = column.astype("string")
    dates = pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True)
    times = numbers if numbers.notna().sum() >= dates.notna().sum() else dates
    malformed = np.flatnonzero(times.isna() | column.isna())
    if malformed.size:
        message = f"{table}: row {malformed[0] + 1} of {name!r} is no number and no ISO 8601 time"
        raise TableError(message)
    return times.tolist()


def _label(value: object, column: str, row: int, name: str) -> str:
    if holds_several(value):
        message = (
            f"{name}: row {row + 1} of {column!r} holds several labels; Understudy's classifiers "
            "give one label a document, so train one bundle a label"
        )
        raise TableError(message)
    text = text_of(value).strip()
    if not text:
        message = f"{name}: row {row + 1} of {column!r} has no label; drop or label such rows first"
        raise TableError(message)
    return text


def _joined(texts: Sequence[str]) -> str:
    """Join texts with one space, without the blank ones; a single text stays as it is."""
    return texts[0] if len(texts) == 1 else " ".join(text for text in texts if text.strip())


def _one_text(value: object, column: str, row: int, name: str) -> str:
    if holds_several(value):
        message = f"{name}: row {row + 1} of {column!r} holds several texts; join them first"
        raise TableError(message)
    return text_of(value)


def holds_several(value: object) -> bool:
    """Return whether a cell holds a list or the like."""
    return isinstance(value, list | tuple | set | dict | np.ndarray)


def text_of(value: object) -> str:
    """Return a cell as text: a missing one is empty, and a whole number has no decimals."""
    value = _cell(value)
    if value is None or value != value:  # noqa: PLR0124 (NaN)
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _cell(value: object) -> object:
    """Return what JSON would hold for this cell."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return value.item() if isinstance(value, np.generic) else value
