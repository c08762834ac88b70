"""``understudy table``: what a table holds, before anything is fitted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from guards.errors import TableError
from guards.text import aligned, counted
from service.cli.options import PATH, json_option, optional_role_options
from service.cli.output import print_json, print_lines, print_notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from artifacts.tables import ColumnRoles, Table
    from artifacts.tables.description import ColumnDescription
    from artifacts.tables.raw import RawTable

__all__ = ["table"]

_MAX_LABELS = 20

_EXAMPLE = """
\b
Example:
  understudy table reviews.csv --text body --label verdict --numeric age --missing NA
"""


@click.command(epilog=_EXAMPLE)
@click.argument("path", type=PATH, metavar="TABLE")
@optional_role_options
@json_option
def table(  # noqa: PLR0913 (one parameter an option)
    *,
    path: Path,
    text: tuple[str, ...],
    label: str | None,
    numeric: tuple[str, ...],
    categorical: tuple[str, ...],
    private: tuple[str, ...],
    missing: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show what TABLE holds, before anything is fitted.

    For each column: its role, the types found, the shares of missing cells and of odd ones (which
    the role does not take, or which look missing), and the first values. Columns with
    a role are read as `understudy train` reads them, whether or not all roles are given: labels are
    counted, and what training without --validation would refuse is refused.
    """
    from artifacts.tables import ColumnRoles, read_raw

    roles = ColumnRoles(text, label or "", numeric, categorical, private, missing=missing)
    raw = read_raw(path, expected=roles.columns)
    described = _described(raw, roles)
    notes, labels, error = _read(raw, roles)
    if as_json:
        print_json(
            {
                "table": raw.name,
                "rows": raw.rows,
                "columns": [column.to_json() for column in described],
                "labels": labels,
                "notes": list(notes),
                "error": None if error is None else str(error),
            }
        )
    else:
        print_lines(*_text(raw, described, labels))
    print_notes(notes)
    if error is not None:
        raise error


def _described(raw: RawTable, roles: ColumnRoles) -> list[ColumnDescription]:
    from artifacts.tables.description import describe_column

    by_role = {
        "text": roles.text,
        "label": (roles.label,) if roles.label else (),
        "numeric": roles.numeric,
        "categorical": roles.categorical,
    }
    role_of = {name: role for role, names in by_role.items() for name in names}
    return [
        describe_column(
            raw, name, role_of.get(name), roles.markers_of(name), private=name in roles.private
        )
        for name in raw.cells
    ]


def _read(raw: RawTable, roles: ColumnRoles) -> tuple[list[str], dict[str, int], TableError | None]:
    """Return the notes and labels of the columns with a role, and why training would refuse them.

    Each step adds its notes before the next one may refuse the table.
    """
    from artifacts.tables import table_of

    notes, labels = [*raw.notes], dict[str, int]()
    try:
        table = table_of(raw, roles)
        notes = [*table.notes]
        labels = dict(Counter(table.labels).most_common()) if roles.label else {}
        for note in _training_notes(table, roles):
            notes.append(note)
    except TableError as error:
        return notes, labels, error
    return notes, labels, None


def _training_notes(table: Table, roles: ColumnRoles) -> Iterator[str]:
    """Yield what training would note of a table; raises ``TableError`` as training would."""
    from artifacts.tables import canonical_rows
    from artifacts.tables.labels import check_classes, class_notes
    from artifacts.tables.markers import declared_notes
    from artifacts.training.categories import category_notes, known_categories
    from artifacts.training.held_out import split

    yield from declared_notes(roles, table.features)
    rows = canonical_rows(table, roles.open_schema())
    if roles.label:
        check_classes(table.labels, roles.label, table.name)
        yield from class_notes(table.labels, roles.label)
    if roles.label and roles.text:
        try:
            training, _ = split(table, 0, by_time=False)
        except TableError as few:
            yield f"to train on it: {few}"
        else:
            rows = [rows[number - 1] for number in training.rows]
    for index, name in enumerate(roles.categorical):
        values = [row.categories[index] for row in rows]
        yield from category_notes(name, values, known_categories(values))


def _text(
    raw: RawTable, described: Sequence[ColumnDescription], labels: Mapping[str, int]
) -> Iterator[str]:
    yield f"{raw.name}: {counted(raw.rows, 'row')}"
    rows = [
        (
            column.name,
            column.role or "-",
            ", ".join(column.types) or "-",
            f"{column.missing:.1%}",
            f"{column.odd:.1%}",
            ", ".join(map(repr, column.values)),
        )
        for column in described
    ]
    yield from aligned([("column", "role", "holds", "missing", "odd", "first values"), *rows])
    if labels:
        yield counted(len(labels), "label")
        shown = list(labels.items())[:_MAX_LABELS]
        yield from aligned([(f"  {label}", str(count)) for label, count in shown])
        if len(labels) > _MAX_LABELS:
            yield f"  and {len(labels) - _MAX_LABELS} more"
