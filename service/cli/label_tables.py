"""Read tables of true labels: one row a document, whatever the source of its label."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from artifacts.tables import read_frame, text_of
from guards.errors import TableError
from guards.evidence.labels import LabelSource, TrueLabel
from guards.text import listed
from service.cli.output import print_notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from guards.evidence.labels import KnownLabels

__all__ = ["LabelTable", "add_tables", "read_labels"]

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
        if column not in frame.columns:
            message = (
                f"{path}: no column {column!r}; it has {listed(list(map(str, frame.columns)))}"
            )
            raise TableError(message)
    columns = [name for name in (*_REQUIRED, *_OPTIONAL) if name in frame.columns]
    labels, problems = [], []
    for number, cells in enumerate(
        zip(*(frame[name].tolist() for name in columns), strict=True), 1
    ):
        try:
            labels.append(_label(dict(zip(columns, map(_text, cells), strict=True))))
        except ValueError as problem:
            problems.append(f"{path}: row {number}: {problem}")
    return LabelTable(tuple(labels), tuple(problems))


def _text(cell: object) -> str:
    return cell.isoformat() if isinstance(cell, datetime) else text_of(cell).strip()


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
        probability = float(text)
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
    except ValueError:
        message = f"labelled_at {text!r} is no ISO 8601 time"
        raise ValueError(message) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def add_tables(known: KnownLabels, tables: Iterable[Path]) -> int:
    """Add the labels of tables, say which rows are left out, and return their number."""
    left_out = 0
    for path in tables:
        table = read_labels(path)
        left_out += len(table.problems)
        for label in table.labels:
            known.add(label)
        rest = len(table.problems) - _MAX_PROBLEMS
        print_notes(table.problems[:_MAX_PROBLEMS])
        if rest > 0:
            print_notes([f"{path}: {rest} more rows were left out"])
    return left_out
