"""The documents of a table that are explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from artifacts.tables import canonical_rows
from guards.diagnosis.mean_effects import MIN_DOCUMENTS
from guards.errors import TableError
from guards.text import counted

if TYPE_CHECKING:
    from artifacts.tables import Table
    from guards.schema import CanonicalRow, Schema

__all__ = ["MAX_DOCUMENTS", "Sample", "draw_sample"]

MAX_DOCUMENTS = 500
"""Explaining a document takes as long as answering tens of them."""

_SEED = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts and canonical rows of documents, of the table ``name`` with ``table_rows`` rows."""

    name: str
    table_rows: int
    texts: list[str]
    rows: list[CanonicalRow]

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.rows)


def draw_sample(table: Table, schema: Schema) -> Sample:
    """Return all documents of a table, or 500 that are drawn with a fixed seed, in order.

    Raises ``TableError`` for a table of fewer than five documents, and for a cell of a drawn row
    that does not fit the schema.
    """
    if len(table) < MIN_DOCUMENTS:
        message = (
            f"{table.name}: {counted(len(table), 'document')}, and an explanation takes "
            f"{MIN_DOCUMENTS} or more; give a table with more rows"
        )
        raise TableError(message)
    drawn = table
    if len(table) > MAX_DOCUMENTS:
        generator = np.random.default_rng(_SEED)
        rows = generator.choice(len(table), MAX_DOCUMENTS, replace=False)
        drawn = table.take(np.sort(rows).tolist())
    return Sample(
        table.name,
        len(table),
        [document["text"] for document in drawn.documents],
        canonical_rows(drawn, schema),
    )
