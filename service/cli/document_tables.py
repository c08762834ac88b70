"""Read tables of documents by request id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.tables import read_raw
from artifacts.tables.cells import kind_of, text_of
from guards.errors import TableError
from service.cli.label_tables import request_id_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

__all__ = ["document_rows", "text_rows"]


def document_rows(
    path: Path, required: Collection[str] = ()
) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the request id of each row of a table, and its other cells by column.

    Raises ``TableError`` where the table cannot be read, has no column ``request_id`` or none that
    is ``required``, or holds no request id in a row.
    """
    table = read_raw(path)
    cells_with_ids = table.column("request_id")
    for name in required:
        table.column(name)
    try:
        ids = [request_id_of(cell) for cell in cells_with_ids]
    except ValueError as error:
        message = f"{path}: {error}"
        raise TableError(message) from None
    others = [name for name in table.names if name != "request_id"]
    columns = [table.column(name) for name in others]
    for request_id, *cells in zip(ids, *columns, strict=True):
        yield request_id, dict(zip(others, cells, strict=True))


def text_rows(path: Path) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield the request id and the text of each row of a table, and its other cells by column.

    Raises ``TableError`` as ``document_rows`` does, and where a cell of ``text`` is none.
    """
    for row, (name, cells) in enumerate(document_rows(path, ["text"]), 1):
        cell = cells.pop("text")
        text = text_of(cell)
        if text is None:
            message = f"{path}: row {row} of 'text' is {kind_of(cell)}; write it as a text"
            raise TableError(message)
        yield name, text, cells
