"""A tokenizer and columns that were trained elsewhere, with the schema that they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.columns import numeric_range
from artifacts.cut import Cut
from artifacts.foreign.behaviour import observe_behaviour
from artifacts.preprocessing import Preprocessing
from artifacts.sealed_columns import SealedColumns
from artifacts.tables import canonical_rows
from guards.errors import CallError, GuardRefused, TableError
from guards.schema import MISSING, CategoricalColumn, Schema, canonical_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from artifacts.foreign.columns import ForeignColumns
    from artifacts.foreign.model import ForeignModel
    from artifacts.network import Network
    from artifacts.tables import ColumnRoles, Table
    from guards.schema import CanonicalRow

__all__ = ["judged_preprocessing"]


def judged_preprocessing(
    table: Table,
    roles: ColumnRoles,
    model: ForeignModel,
    columns: ForeignColumns | None,
    labels: tuple[str, ...],
) -> tuple[Preprocessing, list[str]]:
    """Give what turns a document into the network's input, and notes for whoever seals it.

    The schema is as the columns enforce it. Raises ``TableError`` for a table of other values than
    the columns were fitted on, and ``GuardRefused`` with what the columns would get wrong.
    """
    notes = [f"texts are cut to {model.max_length} tokens, from {model.max_length_from}"]
    schema = _open_schema(table, roles, columns, labels)
    if columns is None:
        return Preprocessing(schema, None, model.tokenizer, Cut(model.max_length)), notes
    rows = canonical_rows(table, schema)
    notes += _unknown_in(table, schema, rows)
    sealed = SealedColumns(columns.estimator, columns.frame)
    behaviour = observe_behaviour(sealed, schema, rows, columns.lookalikes)
    if behaviour.findings:
        raise GuardRefused(columns.path, behaviour.findings)
    notes += [*behaviour.notes, *_told(columns, roles, model.network)]
    preprocessing = Preprocessing(behaviour.schema, sealed, model.tokenizer, Cut(model.max_length))
    return preprocessing, notes


def _told(columns: ForeignColumns, roles: ColumnRoles, network: Network) -> Iterator[str]:
    if columns.frame.shape == "array":
        yield f"the columns know no names: they take {', '.join(roles.features)}, in this order"
    for name in columns.without_bucket:
        yield (
            f"{name}: handle_unknown='infrequent_if_exist' has no infrequent category to use: "
            "an unknown one is encoded as none at all"
        )
    if not hasattr(network.config, "columns_width"):
        yield "the model takes text alone: columns are watched for drift, and no answer hears them"


def _open_schema(
    table: Table, roles: ColumnRoles, columns: ForeignColumns | None, labels: tuple[str, ...]
) -> Schema:
    """Give the schema before it is known what the columns cannot do with."""
    known = {} if columns is None else columns.categories
    open_rows = canonical_rows(table, roles.open_schema())
    return Schema(
        text=roles.text,
        numeric=tuple(
            numeric_range(
                name, [row.numeric[i] for row in open_rows], private=name in roles.private
            )
            for i, name in enumerate(roles.numeric)
        ),
        categorical=tuple(
            CategoricalColumn(
                name,
                known.get(name) or _categories(name, {row.categories[i] for row in open_rows}),
                private=name in roles.private,
            )
            for i, name in enumerate(roles.categorical)
        ),
        labels=labels,
    )


def _categories(name: str, values: set[str]) -> tuple[str, ...]:
    """Give the table's own categories, of a column that no encoder tells of."""
    held = values - {MISSING}
    if held and all(canonical_number(value) is not None for value in held):
        message = f"--categorical {name}: it holds numbers, and no encoder takes it; say --numeric"
        raise CallError(message)
    return tuple(sorted(held))


def _unknown_in(table: Table, schema: Schema, rows: Sequence[CanonicalRow]) -> Iterator[str]:
    """Say how many rows hold a category that the columns do not know.

    Raises ``TableError`` where no row holds one that they do: they were fitted on something else.
    """
    for place, column in enumerate(schema.categorical):
        held = {row.categories[place] for row in rows} - {MISSING}
        if held and held.isdisjoint(column.categories):
            message = f"{table.name}: no row of {column.name!r} holds a category that is known"
            if not column.private:
                known = _some(column.categories)
                message += f": it holds {_some(held)}, and the columns know {known}"
            raise TableError(message)
        if unknown := sum(column.name in row.unknown for row in rows):
            yield f"{column.name}: {unknown} of {len(rows)} rows hold an unknown category"


def _some(values: Iterable[str], most: int = 3) -> str:
    shown = sorted(values)
    return ", ".join(map(repr, shown[:most])) + (", …" if len(shown) > most else "")
