"""Encode a labelled table, to train on it or to measure answers against its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from artifacts.evaluation.packed_encodings import PackedEncodings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding, Preprocessing
    from artifacts.tables import Table
    from guards.json_types import JsonMapping
    from guards.schema import CanonicalRow

__all__ = ["EncodedTable", "encode_table"]


_FIRST_BLOCK = 16
_MAX_BLOCK = 512
_MAX_VALUES = 2**22
"""So many encoded columns, zeros included, are made at a time: 32 MiB. The first block shows how
many a row has."""

_FEW_COLUMNS = 64
"""With at most so many columns, packing would save nothing."""


@dataclass(frozen=True, slots=True)
class EncodedTable:
    """Documents, their encodings, and their label indices int64 [rows], all in one order."""

    documents: Sequence[JsonMapping]
    encodings: Sequence[Encoding]
    truth: NDArray[np.int64]


def encode_table(
    preprocessing: Preprocessing, table: Table, rows: Sequence[CanonicalRow]
) -> EncodedTable:
    """Encode the texts of ``table`` with its canonical ``rows``.

    Raises ``ValueError`` for a label that is not in the schema of ``preprocessing``.
    """
    texts = [document["text"] for document in table.documents]
    labels = preprocessing.schema.labels
    return EncodedTable(
        documents=table.documents,
        encodings=_encodings(preprocessing, texts, rows),
        truth=np.array([labels.index(label) for label in table.labels]),
    )


def _encodings(
    preprocessing: Preprocessing, texts: Sequence[str], rows: Sequence[CanonicalRow]
) -> Sequence[Encoding]:
    first = preprocessing.encode(texts[:_FIRST_BLOCK], rows[:_FIRST_BLOCK])
    width = len(first[0].columns) if first else 0
    encodings: list[Encoding] | PackedEncodings = (
        [] if width <= _FEW_COLUMNS else PackedEncodings(width)
    )
    encodings.extend(first)
    block = min(_MAX_BLOCK, max(1, _MAX_VALUES // max(width, 1)))
    for start in range(_FIRST_BLOCK, len(rows), block):
        end = start + block
        encodings.extend(preprocessing.encode(texts[start:end], rows[start:end]))
    return encodings
