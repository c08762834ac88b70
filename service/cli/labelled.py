"""Read tables for a bundle or a training, and print what is to be noted of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from artifacts.tables import ColumnRoles, Table, canonical_rows, known_rows, read_table
from artifacts.tables.markers import declared_notes
from guards.errors import CallError
from guards.labels import KnownLabel
from service.cli.output import print_notes

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from artifacts.bundle.opening import Bundle

__all__ = [
    "print_table_notes",
    "read_held_out",
    "read_labelled",
    "read_training",
    "read_unlabelled",
]


def read_training(path: Path, roles: ColumnRoles) -> Table:
    """Read a table with these columns, and print its notes.

    Raises ``TableError``, also for a cell that its column does not take: at once, before libraries
    are imported that take seconds.
    """
    table = read_table(path, roles)
    table = print_table_notes(
        replace(table, notes=(*table.notes, *declared_notes(roles, table.features)))
    )
    canonical_rows(table, roles.open_schema())
    return table


def read_held_out(
    path: Path, roles: ColumnRoles, labels: Collection[str], *, skip_unknown: bool
) -> Table:
    """Read rows that are held out of a training with these labels, and print the notes.

    Rows with other labels are left out where they are to be skipped. Raises ``TableError``.
    """
    table = known_rows(read_table(path, roles), labels, "the training rows'", skip=skip_unknown)
    return print_table_notes(table)


def read_labelled(
    bundle: Bundle, path: Path, label: str | None, *, skip_unknown: bool = False
) -> Table:
    """Read the columns of a table that the bundle's schema names, and the labels; print the notes.

    ``label`` is the column with the labels, None for the one of training. Labels are in the
    bundle's spelling, and rows with others are left out where they are to be skipped. Raises
    ``TableError``, and ``CallError`` if ``label`` is None and the bundle does not record the label
    column.
    """
    roles = _roles(bundle, _label_column(label, bundle))
    table = read_table(path, roles, KnownLabel(bundle.labels))
    if skip_unknown:
        table = known_rows(table, bundle.labels, "the bundle's", skip=True)
    return print_table_notes(table)


def read_unlabelled(bundle: Bundle, path: Path) -> Table:
    """Read the columns of a table that the bundle's schema names, and no label; print the notes.

    Raises ``TableError``.
    """
    return print_table_notes(read_table(path, _roles(bundle, "")))


def print_table_notes(table: Table) -> Table:
    """Print the notes of a table, and return it."""
    print_notes(table.notes)
    return replace(table, notes=())


def _roles(bundle: Bundle, label: str) -> ColumnRoles:
    schema = bundle.preprocessing.schema
    return ColumnRoles(
        text=schema.text,
        label=label,
        numeric=tuple(column.name for column in schema.numeric),
        categorical=tuple(column.name for column in schema.categorical),
        private=schema.private,
        missing=schema.missing,
        own_missing=tuple(
            (column.name, marker)
            for columns in (schema.numeric, schema.categorical)
            for column in columns
            for marker in column.missing
        ),
    )


def _label_column(label: str | None, bundle: Bundle) -> str:
    column = label or bundle.manifest.lineage.get("label_column")
    if not isinstance(column, str):
        message = f"{bundle.path}: does not record which column has the label; use --label COL"
        raise CallError(message)
    return column
