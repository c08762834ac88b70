"""Read labelled tables as documents, before anything is fitted.

- ``roles``: the role of each column.
- ``raw``: the cells of a file by column, as they are.
- ``files``: read a file by its ending.
- ``csv_file``, ``delimiters``, ``encodings``, ``quotes``: read CSV, find what separates its cells,
  its encoding, and cells that may have been quoted otherwise.
- ``parquet_file``, ``json_lines``: read Parquet and JSON Lines.
- ``cells``: what a cell holds, in words, and the plain value or text that it stands for.
- ``markers``: texts that look like a missing value, and where declared markers are found.
- ``labels``, ``lookalikes``: the labels of rows, and which of them look the same.
- ``notes``: what somebody should look at in the cells.
- ``refusals``: the error for a cell that its column does not take.
- ``table``: documents with their labels.
- ``description``: what a table holds, by column.
- ``plain_columns``, ``writing``: from rows to columns of plain values, and to a file.
"""

from artifacts.tables.files import read_raw
from artifacts.tables.roles import ColumnRoles
from artifacts.tables.table import (
    Table,
    as_table,
    canonical_rows,
    known_rows,
    numeric_columns,
    read_table,
    table_of,
)

__all__ = [
    "ColumnRoles",
    "Table",
    "as_table",
    "canonical_rows",
    "known_rows",
    "numeric_columns",
    "read_raw",
    "read_table",
    "table_of",
]
