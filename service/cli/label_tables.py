"""Read tables of true labels: one row a document, whatever the source of its label."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from artifacts.tables import read_raw
from artifacts.tables.cells import holds_several, kind_of, text_of
from artifacts.tables.labels import unknown_labels
from artifacts.tables.lookalikes import look_of
from artifacts.tables.markers import looks_missing, marker_notes
from guards.errors import TableError
from guards.evidence.labels import LabelSource, TrueLabel
from guards.labels import KnownLabel, canonical_label
from guards.moments import from_iso8601
from guards.text import counted, listed
from service.cli.output import print_notes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from guards.evidence.labels import KnownLabels

__all__ = ["LabelTable", "add_tables", "read_labels", "request_id_of"]

_REQUIRED = ("request_id", "label")
_MAX_PROBLEMS = 5
_OPTIONAL = ("source", "stratum", "inclusion_probability", "labelled_at")


@dataclass(frozen=True, slots=True)
class LabelTable:
    """The labels of a table, and why other rows were left out, each with its number from 1."""

    labels: tuple[TrueLabel, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read_labels(path: Path) -> LabelTable:
    """Read a CSV, Parquet or JSON Lines table with ``request_id`` and ``label``.

    ``source``, ``stratum``, ``inclusion_probability`` and ``labelled_at`` are optional, and other
    columns are ignored. A row without a label is a drawn document that waits for it, or, with a
    ``labelled_at``, one that was given up. Raises ``TableError`` where the table cannot be read, or
    lacks a column.
    """
    table = read_raw(path, (*_REQUIRED, *_OPTIONAL))
    columns = [*_REQUIRED, *(name for name in _OPTIONAL if name in table.names)]
    cells_of_columns = [table.column(name) for name in columns]
    labels, problems = [], []
    for number, cells in enumerate(zip(*cells_of_columns, strict=True), 1):
        try:
            row = {name: _text(name, cell) for name, cell in zip(columns, cells, strict=True)}
            labels.append(_label(row))
        except ValueError as problem:
            problems.append(f"{path}: row {number}: {problem}")
    return LabelTable(tuple(labels), tuple(problems), table.notes)


def request_id_of(cell: object) -> str:
    """Return the request id in a cell; ``ValueError`` says why there is none."""
    return _text("request_id", cell)


def _text(name: str, cell: object) -> str:
    if holds_several(cell):
        message = f"{name} holds several {'labels' if name == 'label' else 'values'}"
        raise ValueError(message)
    if name == "labelled_at" and isinstance(cell, date):
        return cell.isoformat()
    is_label = name == "label" and not isinstance(cell, str)
    text = canonical_label(cell) if is_label else text_of(cell)
    if text is None:
        message = f"{name} is {kind_of(cell)}; write it as a text"
        raise ValueError(message)
    text = text.strip()
    # Whole numbers lose a fraction that they got where another row had none.
    return text.removesuffix(".0") if isinstance(cell, float) else text


def _label(row: Mapping[str, str]) -> TrueLabel:
    """Return the label of a row; ``ValueError`` says what is wrong with it."""
    source = _source(row.get("source", ""))
    drawn = source is LabelSource.QUEUE
    probability = _probability(row.get("inclusion_probability", ""))
    stratum, moment = row.get("stratum") or None, _moment(row.get("labelled_at", ""))
    # What looks missing is no class; the spelling is that of whoever matches it with a bundle's.
    label = row["label"] if canonical_label(row["label"]) else None
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
    if not text:
        return None
    try:
        return from_iso8601(text)
    except ValueError as error:
        message = f"labelled_at {error}"
        raise ValueError(message) from None


def _label_notes(path: Path, table: LabelTable, labels: Collection[str]) -> Iterator[str]:
    """Yield a note for labels that look missing, look like a known one, or are not known."""
    find = KnownLabel(labels)
    given = [row.label for row in table.labels if row.label is not None]
    unknown = Counter(label for label in given if find(label) is None)
    if not labels or not unknown:
        return
    rest = [label for label in unknown.elements() if not looks_missing(label)]
    yield from marker_notes(
        str(path),
        unknown.elements(),
        (),
        "is a label here; leave the cell empty if it is none",
    )
    by_look = {look_of(label): label for label in labels}
    alike = [label for label in dict.fromkeys(rest) if look_of(label) in by_look]
    for label in alike[:_MAX_PROBLEMS]:
        yield (
            f"{path}: the label {label!a} ({counted(unknown[label], 'row')}) looks like "
            f"{by_look[look_of(label)]!a}, and is another one"
        )
    said = unknown_labels(rest, {*labels})
    if said is not None:
        yield f"{path}: {said}, none of the champion's and challengers': {listed(sorted(labels))}"


def add_tables(known: KnownLabels, tables: Iterable[Path], labels: Collection[str] = ()) -> int:
    """Add the labels of tables, say which rows are left out, and return their number.

    Labels that are none of the champion's ``labels`` are noted.

    Raises ``TableError`` where that is every row of a table that has any.
    """
    left_out = 0
    for path in tables:
        table = read_labels(path)
        left_out += len(table.problems)
        print_notes([*table.notes, *_label_notes(path, table, labels)])
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
