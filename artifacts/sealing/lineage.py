"""Describe what a bundle was made from, for its manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from artifacts.bundle.code_commit import code_commit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifacts.tables import ColumnRoles, Table
    from guards.json_types import JsonObject

__all__ = ["data_hash", "lineage_of"]


def lineage_of(table: Table, roles: ColumnRoles, base: str | None, **details: object) -> JsonObject:
    """Return the lineage of a bundle made from ``table`` and the model named ``base``.

    ``details`` are those of one way to make a bundle: the seed of a training, for example.
    """
    return {
        "data": data_hash(table),
        "rows": len(table),
        "label_column": roles.label,
        "base": base,
        **details,
        "code_commit": code_commit(Path(__file__).parent),
        "parent": None,
    }


def data_hash(table: Table) -> str:
    """Return a digest of the documents and labels of a table: that of both as one JSON text."""
    digest = hashlib.sha256()
    for part in _json_parts(table):
        digest.update(part.encode())
    return f"sha256:{digest.hexdigest()}"


def _json_parts(table: Table) -> Iterator[str]:
    """Yield the JSON text row by row, since all of it takes twice the memory of the table."""
    yield "[["
    for index, document in enumerate(table.documents):
        yield ", " if index else ""
        yield json.dumps(document, sort_keys=True, default=str)
    yield f"], {json.dumps(table.labels)}]"
