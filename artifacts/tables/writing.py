"""Write a table that is read back with the same cells."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from artifacts.tables.cells import text_of
from guards.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any, BinaryIO

    Columns = Mapping[str, Sequence[object]]

__all__ = ["WRITTEN", "write_table"]

_BEYOND_INT64 = 2**63


def write_table(path: Path, file: BinaryIO, columns: Columns) -> None:
    """Write columns of plain values to a file, in the format of the ending of ``path``.

    The ending is one of ``WRITTEN``. In a CSV every value is a text, and so is every value of a
    Parquet column that has several types. Raises ``TableError`` for a NUL character in a CSV.
    """
    _WRITERS[path.suffix.lower()](path, file, columns)


def _write_csv(path: Path, file: BinaryIO, columns: Columns) -> None:
    texts = {name: list(map(text_of, cells)) for name, cells in columns.items()}
    for name, cells in texts.items():
        row = next((row for row, text in enumerate(cells, 1) if text and "\0" in text), None)
        if row is not None:
            message = (
                f"{path}: row {row} of {name!r} holds a NUL character, which no CSV can: name a "
                "file that ends in .jsonl"
            )
            raise TableError(message)
    with io.TextIOWrapper(file, "utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(texts)
        writer.writerows(zip(*texts.values(), strict=True))


def _write_json_lines(_path: Path, file: BinaryIO, columns: Columns) -> None:
    for row in zip(*columns.values(), strict=True):
        line = json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False)
        file.write(f"{line}\n".encode())


def _write_parquet(_path: Path, file: BinaryIO, columns: Columns) -> None:
    # Imported where it is needed: the library takes a third of a second.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    pq.write_table(pa.table({name: _typed(cells) for name, cells in columns.items()}), file)


def _typed(cells: Sequence[object]) -> Sequence[Any]:
    """Return cells of one type, texts where they have several or integers beyond 64 bits."""
    present = [cell for cell in cells if cell is not None]
    whole = (cell for cell in present if type(cell) is int)
    if len(set(map(type, present))) <= 1 and all(abs(cell) < _BEYOND_INT64 for cell in whole):
        return cells
    return [None if cell is None else text_of(cell) for cell in cells]


_WRITERS: Mapping[str, Callable[[Path, BinaryIO, Columns], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_json_lines,
    ".parquet": _write_parquet,
}

WRITTEN = tuple(_WRITERS)
"""The endings of files that can be written."""
