"""A labelled table, encoded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.bundle.column_inputs import column_inputs_of
from artifacts.bundle.opening import open_bundle
from artifacts.bundle.sealed_columns import SealedColumns
from artifacts.evaluation.encoded_table import encode_table
from artifacts.evaluation.packed_encodings import PackedEncodings

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from artifacts.tables import Table


def test_rows_keep_their_order(champion: Path, small_table: Table) -> None:
    """Encodings and label indices are in the order of the table."""
    preprocessing = open_bundle(champion).preprocessing
    table = small_table.take([5, 3, 8])

    encoded = encode_table(preprocessing, table, preprocessing.canonical(table.documents))

    assert [preprocessing.schema.labels[index] for index in encoded.truth] == table.labels
    alone = preprocessing.encode_documents(table.documents[:1])[0]
    np.testing.assert_array_equal(encoded.encodings[0].token_ids, alone.token_ids)


def test_blocks_and_wide_columns(champion: Path, small_table: Table) -> None:
    """A table of several blocks is encoded as its rows are, also with columns worth packing."""
    preprocessing = open_bundle(champion).preprocessing
    table = small_table.take([*range(240), *range(240), *range(60)])
    rows = preprocessing.canonical(table.documents)

    encoded = encode_table(preprocessing, table, rows)
    wide = SealedColumns(_Wide(), column_inputs_of(preprocessing.schema))
    packed = encode_table(replace(preprocessing, columns=wide), table, rows)

    assert len(encoded.encodings) == len(packed.encodings) == len(packed.truth) == 540
    assert isinstance(packed.encodings, PackedEncodings)
    for index in (0, 15, 16, 239, 240, 527, 528, 539):
        alone = preprocessing.encode_documents([table.documents[index]])[0]
        np.testing.assert_array_equal(encoded.encodings[index].columns, alone.columns)
        np.testing.assert_array_equal(packed.encodings[index].token_ids, alone.token_ids)
        assert packed.encodings[index].row == alone.row
        pages = rows[index].numeric[0]
        np.testing.assert_array_equal(packed.encodings[index].columns[[0, 98, 99]], [0, 0, pages])


class _Wide:
    """Encodes a number in the last of a hundred columns."""

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        return np.pad(frame[["pages"]].to_numpy(), ((0, 0), (99, 0)))


def test_unknown_label(champion: Path, small_table: Table) -> None:
    """A label that the schema lacks has no index."""
    preprocessing = open_bundle(champion).preprocessing
    table = small_table.take([0])
    table.labels[0] = "postcard"

    with pytest.raises(ValueError, match="not in tuple"):
        encode_table(preprocessing, table, preprocessing.canonical(table.documents))
