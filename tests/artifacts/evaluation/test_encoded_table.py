"""A labelled table, encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.bundle.opening import open_bundle
from artifacts.demo.documents import champion_training
from artifacts.evaluation.encoded_table import encode_table
from artifacts.tables import as_table
from tests.bundles import ROLES

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.tables import Table


def test_rows_keep_their_order(champion: Path, small_table: Table) -> None:
    """Encodings and label indices are in the order of the table."""
    preprocessing = open_bundle(champion).preprocessing
    table = small_table.take([5, 3, 8])

    encoded = encode_table(preprocessing, table, preprocessing.canonical(table.documents))

    assert [preprocessing.schema.labels[index] for index in encoded.truth] == table.labels
    alone = preprocessing.encode_documents(table.documents[:1])[0]
    np.testing.assert_array_equal(encoded.encodings[0].token_ids, alone.token_ids)


def test_unknown_label(champion: Path, small_table: Table) -> None:
    """A label that the schema lacks has no index."""
    preprocessing = open_bundle(champion).preprocessing
    table = small_table.take([0])
    table.labels[0] = "postcard"

    with pytest.raises(KeyError, match="postcard"):
        encode_table(preprocessing, table, preprocessing.canonical(table.documents))


def test_a_table_of_several_chunks_is_encoded_as_at_once(champion: Path) -> None:
    """Neither the number of rows nor their neighbours change an encoding."""
    preprocessing = open_bundle(champion).preprocessing
    table = as_table(champion_training(600, 5), ROLES, "documents")
    rows = preprocessing.canonical(table.documents)

    encoded = encode_table(preprocessing, table, rows)

    at_once = preprocessing.encode([each["text"] for each in table.documents], rows)
    assert len(encoded.encodings) == len(at_once) == 600
    for ours, theirs in zip(encoded.encodings, at_once, strict=True):
        np.testing.assert_array_equal(ours.token_ids, theirs.token_ids)
        np.testing.assert_allclose(ours.columns, theirs.columns, rtol=1e-6)
        assert (ours.row, ours.unknown_tokens, ours.truncated) == (
            theirs.row,
            theirs.unknown_tokens,
            theirs.truncated,
        )
