"""Encode a labelled table, to train on it or to measure answers against its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding, Preprocessing
    from artifacts.tables import Table
    from guards.json_types import JsonMapping
    from guards.schema import CanonicalRow

__all__ = ["EncodedTable", "encode_table"]


@dataclass(frozen=True, slots=True)
class EncodedTable:
    """Documents, their encodings, and their label indices int64 [rows], all in one order.

    ``rows`` are the numbers of their rows in the table that they come from.
    """

    documents: Sequence[JsonMapping]
    encodings: Sequence[Encoding]
    truth: NDArray[np.int64]
    rows: Sequence[int] = ()


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
        encodings=preprocessing.encode(texts, rows),
        truth=np.array([labels.index(label) for label in table.labels]),
        rows=table.rows,
    )
