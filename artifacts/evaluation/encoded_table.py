"""Encode a labelled table, to train on it or to measure answers against its labels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
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


_BLOCK = 512
"""So many rows are encoded at a time: of each, all columns are made, most of them zeros."""

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
    blocks = (
        preprocessing.encode(texts[start : start + _BLOCK], rows[start : start + _BLOCK])
        for start in range(0, len(rows), _BLOCK)
    )
    first = next(blocks, [])
    width = len(first[0].columns) if first else 0
    encodings: list[Encoding] | PackedEncodings = (
        [] if width <= _FEW_COLUMNS else PackedEncodings(width)
    )
    for block in chain([first], blocks):
        encodings.extend(block)
    return encodings
