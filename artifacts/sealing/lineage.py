"""Describe what a bundle was made from, for its manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from artifacts.bundle.code_commit import code_commit

if TYPE_CHECKING:
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
    """Return a digest of the documents and labels of a table."""
    text = json.dumps([table.documents, table.labels], sort_keys=True, default=str)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
