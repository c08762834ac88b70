"""Read a labelled table with the columns of a bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.tables import ColumnRoles, Table, read_table
from guards.errors import CallError

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.bundle.opening import Bundle

__all__ = ["read_labelled"]


def read_labelled(bundle: Bundle, table: Path, label: str | None) -> Table:
    """Read the columns of ``table`` that the bundle's schema names, and the labels.

    ``label`` is the column with the labels, None for the one of training. Raises ``TableError``,
    and ``CallError`` if ``label`` is None and the bundle does not record the label column.
    """
    schema = bundle.preprocessing.schema
    roles = ColumnRoles(
        text=schema.text,
        label=_label_column(label, bundle),
        numeric=tuple(column.name for column in schema.numeric),
        categorical=tuple(column.name for column in schema.categorical),
    )
    return read_table(table, roles)


def _label_column(label: str | None, bundle: Bundle) -> str:
    column = label or bundle.manifest.lineage.get("label_column")
    if not isinstance(column, str):
        message = f"{bundle.path}: does not record which column has the label; use --label COL"
        raise CallError(message)
    return column
