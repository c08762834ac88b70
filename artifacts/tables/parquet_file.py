"""Read the cells of Parquet with their exact values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from artifacts.tables.cells import OddCell
from artifacts.tables.raw import RawTable, wanted_columns

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

__all__ = ["read_parquet"]

_EXTENSION = b"ARROW:extension:name"
"""Where the file names a type that nobody has registered here."""


def read_parquet(path: Path, wanted: Collection[str] | None) -> RawTable:
    """Read the columns that are wanted; what is not plain stays a value of its own type.

    Integers keep all of their digits, whether or not the column has missing cells.
    """
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        indices = wanted_columns(schema.names, wanted)
        # A name also selects nested columns whose path begins with it.
        table = file.read(columns=list(indices))
        cells = {name: _cells(table.column(name), schema.field(name)) for name in indices}
        return RawTable(str(path), tuple(schema.names), file.metadata.num_rows, cells)


def _cells(column: Any, field: Any) -> list[object]:  # noqa: ANN401 (pyarrow has no types)
    extension = _extension(field)
    if extension is not None:
        odd = OddCell(f"a value of the type {extension}")
        return [None if missing else odd for missing in column.is_null().to_pylist()]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_float16(kind) or pa.types.is_float32(kind):
        return _shortest(column)
    if _is_simple(kind, column.null_count):
        values: list[object] = column.to_numpy().tolist()
        return values
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError):
        # Beyond the years or the precision of Python's own types.
        odd = OddCell(f"a value of the type {kind}")
        values = [None if missing else odd for missing in column.is_null().to_pylist()]
    return values


def _extension(field: Any) -> str | None:  # noqa: ANN401 (pyarrow has no types)
    if isinstance(field.type, pa.BaseExtensionType):
        return str(field.type.extension_name)
    name: bytes | None = (field.metadata or {}).get(_EXTENSION)
    return None if name is None else name.decode(errors="replace")


def _is_simple(kind: Any, nulls: int) -> bool:  # noqa: ANN401 (pyarrow has no types)
    """Return whether numpy holds the cells as they are, which is the fast way."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_float64(kind):
        return True
    return nulls == 0 and (pa.types.is_integer(kind) or pa.types.is_boolean(kind))


def _shortest(column: Any) -> list[object]:  # noqa: ANN401 (pyarrow has no types)
    """Return single-precision numbers with the digits that they are written with.

    As a double, .1 would be .10000000149.
    """
    values: list[object] = column.to_numpy().astype(str).astype(np.float64).tolist()
    return values
