"""Combine an imported tokenizer and columns with the schema that they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.bundle.preprocessing import Preprocessing
from artifacts.bundle.sealed_columns import SealedColumns
from artifacts.bundle.truncation import Truncation
from artifacts.imported.edge_cases import try_edge_cases
from artifacts.tables import canonical_rows, numeric_columns
from guards.errors import CallError, GuardRefused, TableError
from guards.schema import MISSING, CategoricalColumn, Schema, canonical_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from artifacts.bundle.network import Network
    from artifacts.imported.columns import ImportedColumns
    from artifacts.imported.model import ImportedModel
    from artifacts.tables import ColumnRoles, Table
    from guards.schema import CanonicalRow

__all__ = ["import_preprocessing"]


def import_preprocessing(
    table: Table,
    roles: ColumnRoles,
    model: ImportedModel,
    columns: ImportedColumns | None,
    labels: tuple[str, ...],
) -> tuple[Preprocessing, list[str]]:
    """Return the preprocessing of an imported model and columns, and notes to read.

    Its schema refuses what the columns cannot encode. Raises ``TableError`` for a table of other
    values than the columns were fitted on, and ``GuardRefused`` with findings for columns that
    would encode some values wrongly.
    """
    notes = [f"texts are cut to {model.max_length} tokens, from {model.max_length_from}"]
    schema = _open_schema(table, roles, columns, labels)
    if columns is None:
        return Preprocessing(schema, None, model.tokenizer, Truncation(model.max_length)), notes
    rows = canonical_rows(table, schema)
    notes += _unknown_in(table, schema, rows)
    sealed = SealedColumns(columns.estimator, columns.column_inputs)
    edge_cases = try_edge_cases(sealed, schema, rows, columns.lookalikes)
    if edge_cases.findings:
        raise GuardRefused(columns.path, edge_cases.findings)
    notes += [*edge_cases.notes, *_notes(columns, roles, model.network)]
    preprocessing = Preprocessing(
        edge_cases.schema, sealed, model.tokenizer, Truncation(model.max_length)
    )
    return preprocessing, notes


def _notes(columns: ImportedColumns, roles: ColumnRoles, network: Network) -> Iterator[str]:
    yield from columns.notes
    if columns.column_inputs.shape == "array":
        yield f"the columns know no names: they take {', '.join(roles.features)}, in this order"
    for name in columns.without_bucket:
        yield (
            f"{name}: handle_unknown='infrequent_if_exist' has no infrequent category to use: "
            "an unknown one is encoded as none at all"
        )
    if not hasattr(network.config, "columns_width"):
        yield (
            "the model uses text only; columns are monitored for drift but do not affect "
            "predictions"
        )


def _open_schema(
    table: Table, roles: ColumnRoles, columns: ImportedColumns | None, labels: tuple[str, ...]
) -> Schema:
    """Return the schema before it is known what the columns cannot encode."""
    known = {} if columns is None else columns.categories
    _check_markers(roles, known)
    open_rows = canonical_rows(table, roles.open_schema())
    return Schema(
        text=roles.text,
        numeric=numeric_columns(roles, open_rows),
        categorical=tuple(
            CategoricalColumn(
                name,
                known.get(name) or _categories(name, {row.categories[i] for row in open_rows}),
                private=name in roles.private,
                missing=roles.own_markers(name),
            )
            for i, name in enumerate(roles.categorical)
        ),
        labels=labels,
        missing=roles.missing,
    )


def _check_markers(roles: ColumnRoles, known: Mapping[str, Sequence[str] | None]) -> None:
    """Raise ``CallError`` where an encoder knows a category that is declared to be missing."""
    for name, categories in known.items():
        for marker in {*roles.markers_of(name)} & {*(categories or ())}:
            message = f"--missing {marker}: the columns know {marker!r} as a category of {name!r}"
            raise CallError(message)


def _categories(name: str, values: set[str]) -> tuple[str, ...]:
    """Return the categories of the table, for a column without an encoder that knows any."""
    present = values - {MISSING}
    if present and all(canonical_number(value) is not None for value in present):
        message = f"--categorical {name}: it holds numbers, and no encoder takes it; say --numeric"
        raise CallError(message)
    return tuple(sorted(present))


def _unknown_in(table: Table, schema: Schema, rows: Sequence[CanonicalRow]) -> Iterator[str]:
    """Yield a note for each column with unknown categories.

    Raises ``TableError`` for a column without any known one: it was fitted on something else.
    """
    for index, column in enumerate(schema.categorical):
        present = {row.categories[index] for row in rows} - {MISSING}
        if present and present.isdisjoint(column.categories):
            message = f"{table.name}: no row of {column.name!r} holds a category that is known"
            if not column.private:
                known = _some(column.categories)
                message += f": it holds {_some(present)}, and the columns know {known}"
            raise TableError(message)
        if unknown := sum(column.name in row.unknown for row in rows):
            yield f"{column.name}: {unknown} of {len(rows)} rows hold an unknown category"


def _some(values: Iterable[str], limit: int = 3) -> str:
    shown = sorted(values)
    return ", ".join(map(repr, shown[:limit])) + (", …" if len(shown) > limit else "")
