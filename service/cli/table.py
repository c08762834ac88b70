"""``understudy table``: what a table holds, before anything is fitted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from guards.errors import TableError
from guards.text import aligned, printable
from service.cli.options import PATH, json_option, optional_role_options
from service.cli.output import print_json, print_notes

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
    the role does not take, or which look missing), and the first values. With --text and --label,
    TABLE is then read as `understudy train` reads it: the labels are counted, and what would be
    refused is refused.
    """
    from artifacts.tables import ColumnRoles, read_raw

    roles = ColumnRoles(text, label or "", numeric, categorical, private, missing=missing)
    raw = read_raw(path)
    described = _described(raw, roles)
    read, error = _read(raw, roles) if text and label else (None, _absent(raw, roles))
    notes = raw.notes if read is None else read.notes
    labels = {} if read is None else dict(Counter(read.labels).most_common())
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
        click.echo("\n".join(_text(raw, described, labels)))
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
        describe_column(raw, name, role_of.get(name), roles.missing, private=name in roles.private)
        for name in raw.cells
    ]


def _read(raw: RawTable, roles: ColumnRoles) -> tuple[Table | None, TableError | None]:
    """Return the table as training takes it, or the error with which training would refuse it."""
    from artifacts.tables import canonical_rows, table_of
    from artifacts.tables.labels import check_classes

    read = None
    try:
        read = table_of(raw, roles)
        check_classes(read.labels, roles.label, raw.name)
        canonical_rows(read, roles.open_schema())
    except TableError as error:
        return read, error
    return read, None


def _absent(raw: RawTable, roles: ColumnRoles) -> TableError | None:
    """Return the error for a column that is named and is not there."""
    try:
        raw.require(name for name in roles.columns if name)
    except TableError as error:
        return error
    return None


def _text(
    raw: RawTable, described: Sequence[ColumnDescription], labels: Mapping[str, int]
) -> Iterator[str]:
    yield f"{raw.name}: {raw.rows} rows"
    rows = [
        (
            printable(column.name),
            column.role or "-",
            ", ".join(column.types) or "-",
            f"{column.missing:.1%}",
            f"{column.odd:.1%}",
            printable(", ".join(map(repr, column.values))),
        )
        for column in described
    ]
    yield aligned([("column", "role", "holds", "missing", "odd", "first values"), *rows])
    if labels:
        yield f"{len(labels)} labels"
        shown = list(labels.items())[:_MAX_LABELS]
        yield aligned([(f"  {printable(label)}", str(count)) for label, count in shown])
        if len(labels) > _MAX_LABELS:
            yield f"  and {len(labels) - _MAX_LABELS} more"
