"""Read tables of true labels: one row a document, whatever the source of its label."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd

from artifacts.tables import holds_several, read_frame, text_of
from guards.errors import TableError
from guards.evidence.labels import LabelSource, TrueLabel
from guards.text import listed
from service.cli.output import print_notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from guards.evidence.labels import KnownLabels

__all__ = ["LabelTable", "add_tables", "read_labels", "require_column"]

_REQUIRED = ("request_id", "label")
_MAX_PROBLEMS = 5
_OPTIONAL = ("source", "stratum", "inclusion_probability", "labelled_at")


@dataclass(frozen=True, slots=True)
class LabelTable:
    """The labels of a table, and why other rows were left out, each with its number from 1."""

    labels: tuple[TrueLabel, ...]
    problems: tuple[str, ...]


def read_labels(path: Path) -> LabelTable:
    """Read a CSV, Parquet or JSON Lines table with ``request_id`` and ``label``.

    ``source``, ``stratum``, ``inclusion_probability`` and ``labelled_at`` are optional, and other
    columns are ignored. A row without a label is a drawn document that waits for it, or, with a
    ``labelled_at``, one that was given up. Raises ``TableError`` where the table cannot be read, or
    lacks a column.
    """
    frame = read_frame(path)
    for column in _REQUIRED:
        require_column(path, frame, column)
    columns = [name for name in (*_REQUIRED, *_OPTIONAL) if name in frame.columns]
    _refuse_twice(path, frame, columns)
    labels, problems = [], []
    for number, cells in enumerate(
        zip(*(frame[name].tolist() for name in columns), strict=True), 1
    ):
        try:
            row = {name: _text(name, cell) for name, cell in zip(columns, cells, strict=True)}
            labels.append(_label(row))
        except ValueError as problem:
            problems.append(f"{path}: row {number}: {problem}")
    return LabelTable(tuple(labels), tuple(problems))


def require_column(path: Path, frame: pd.DataFrame, column: str) -> None:
    """Raise ``TableError`` where a table lacks a column."""
    if column not in frame.columns:
        names = listed(list(map(str, frame.columns)))
        hint = ": is the delimiter a comma?" if len(frame.columns) == 1 else ""
        message = f"{path}: no column {column!r}; it has {names}{hint}"
        raise TableError(message)


def _refuse_twice(path: Path, frame: pd.DataFrame, columns: Iterable[str]) -> None:
    names = list(frame.columns)
    for column in columns:
        # The second of two columns of a CSV is read under another name.
        renamed = path.suffix.lower() == ".csv" and f"{column}.1" in names
        if renamed or names.count(column) > 1:
            message = f"{path}: has two columns {column!r}; leave one of them"
            raise TableError(message)


def _text(name: str, cell: object) -> str:
    if holds_several(cell):
        message = f"{name} holds several {'labels' if name == 'label' else 'values'}"
        raise ValueError(message)
    # A missing time is one as well.
    if isinstance(cell, datetime) and not pd.isna(cell):
        return cell.isoformat()
    return text_of(cell).strip()


def _label(row: Mapping[str, str]) -> TrueLabel:
    """Return the label of a row; ``ValueError`` says what is wrong with it."""
    source = _source(row.get("source", ""))
    drawn = source is LabelSource.QUEUE
    probability = _probability(row.get("inclusion_probability", ""))
    stratum, moment = row.get("stratum") or None, _moment(row.get("labelled_at", ""))
    label = row["label"] or None
    if not row["request_id"]:
        message = "has no request_id"
        raise ValueError(message)
    if drawn and (stratum is None or probability is None):
        message = "source 'queue' needs a stratum and an inclusion_probability"
        raise ValueError(message)
    if label is None and not drawn:
        message = "has no label"
        raise ValueError(message)
    return TrueLabel(
        request_id=row["request_id"],
        label=label,
        source=source,
        stratum=stratum,
        inclusion_probability=probability,
        labelled_at=moment,
        given_up=label is None and moment is not None,
    )


def _source(text: str) -> LabelSource:
    try:
        return LabelSource(text.lower() or LabelSource.TRUTH)
    except ValueError:
        message = f"source {text!r} is none of {listed([source.value for source in LabelSource])}"
        raise ValueError(message) from None


def _probability(text: str) -> float | None:
    if not text:
        return None
    try:
        probability = float(text.replace(",", "."))
    except ValueError:
        probability = float("nan")
    if not 0 < probability <= 1:
        message = f"inclusion_probability {text!r} is no number above 0 and up to 1"
        raise ValueError(message)
    return probability


def _moment(text: str) -> datetime | None:
    """Read an ISO 8601 time; one without an offset is in UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"labelled_at {text!r} is no ISO 8601 time of the years 1 to 9999"
        raise ValueError(message) from None


def add_tables(known: KnownLabels, tables: Iterable[Path]) -> int:
    """Add the labels of tables, say which rows are left out, and return their number.

    Raises ``TableError`` where that is every row of a table that has any.
    """
    left_out = 0
    for path in tables:
        table = read_labels(path)
        left_out += len(table.problems)
        for label in table.labels:
            known.add(label)
        if table.problems and not table.labels:
            message = f"none of the rows can be used; {table.problems[0]}"
            raise TableError(message)
        rest = len(table.problems) - _MAX_PROBLEMS
        print_notes(table.problems[:_MAX_PROBLEMS])
        if rest > 0:
            print_notes([f"{path}: {rest} more rows were left out"])
    return left_out
