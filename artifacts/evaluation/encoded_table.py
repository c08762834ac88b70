"""Encode a labelled table, to train on it or to measure answers against its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from artifacts.evaluation.compact_encodings import CompactEncodings
from artifacts.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding, Preprocessing
    from artifacts.tables import Table
    from guards.json_types import JsonMapping
    from guards.schema import CanonicalRow

__all__ = ["EncodedTable", "encode_table"]

_FIRST_CHUNK = 16
_MAX_CHUNK = 256
"""Documents encoded at once: the tokenizer needs kilobytes for each until they are done."""

_MAX_VALUES = 2**22
"""Encoded columns that are made at once, zeros included: 32 MiB."""


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

    Shows progress on standard error. Raises ``KeyError`` for a label that is not in
    the schema of ``preprocessing``.
    """
    indices = {label: index for index, label in enumerate(preprocessing.schema.labels)}
    return EncodedTable(
        documents=table.documents,
        encodings=CompactEncodings(rows, _encoded(preprocessing, table, rows)),
        truth=np.array([indices[label] for label in table.labels]),
        rows=table.rows,
    )


def _encoded(
    preprocessing: Preprocessing, table: Table, rows: Sequence[CanonicalRow]
) -> Iterator[Encoding]:
    size, start = _FIRST_CHUNK, 0
    with Progress("encoding", len(rows)) as progress:
        while start < len(rows):
            chunk = slice(start, start + size)
            texts = [document["text"] for document in table.documents[chunk]]
            encodings = preprocessing.encode(texts, rows[chunk])
            yield from encodings
            progress.update(len(encodings))
            start += size
            # How wide a row is, the first ones show.
            width = len(encodings[0].columns)
            size = min(_MAX_CHUNK, max(1, _MAX_VALUES // max(1, width)))
