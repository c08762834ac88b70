"""A labelled table, encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.bundle.opening import open_bundle
from artifacts.evaluation.encoded_table import encode_table

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

    with pytest.raises(ValueError, match="not in tuple"):
        encode_table(preprocessing, table, preprocessing.canonical(table.documents))
