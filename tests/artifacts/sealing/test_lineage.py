"""What the manifest says a bundle was made from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from artifacts.sealing.lineage import data_hash, lineage_of
from artifacts.tables import ColumnRoles, Table

TABLE = Table("t.csv", [{"text": "a", "features": {"pages": 1}}], ["letter"], [1])


def test_data_hash_is_of_documents_and_labels() -> None:
    """Another document or label has another digest; the name of the table does not matter."""
    assert data_hash(replace(TABLE, name="other.csv")) == data_hash(TABLE)
    assert data_hash(replace(TABLE, labels=["memo"])) != data_hash(TABLE)
    assert data_hash(replace(TABLE, documents=[{"text": "b", "features": {}}])) != data_hash(TABLE)


def test_text_that_is_no_unicode_has_a_digest() -> None:
    """A lone surrogate, which a table in memory may hold, is digested like any text."""
    odd = replace(TABLE, documents=[{"text": "\ud800", "features": {}}])

    assert data_hash(odd).startswith("sha256:")


def test_data_hash_is_that_of_one_json_text() -> None:
    """A table that was hashed by an earlier version has the digest that it had."""
    table = Table(
        "t.csv",
        [{"text": "caf\u00e9", "features": {"b": None, "a": 1.5}}, {"text": "", "features": {}}],
        ["letter", "memo"],
        [1, 2],
    )

    for rows in ([], [0], [0, 1]):
        part = table.take(rows)
        text = json.dumps([part.documents, part.labels], sort_keys=True)
        assert data_hash(part) == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def test_details_stand_beside_what_every_bundle_has() -> None:
    """The details of one way to make a bundle are added to the shared facts."""
    lineage = lineage_of(TABLE, ColumnRoles(("text",), "kind"), "bert", seed=3)

    assert (lineage["rows"], lineage["label_column"], lineage["base"]) == (1, "kind", "bert")
    assert (lineage["seed"], lineage["parent"]) == (3, None)
