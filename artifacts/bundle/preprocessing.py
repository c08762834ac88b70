"""Encode documents for the network: the one function for training, probes and serving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.tokenizer import as_sealed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from artifacts.bundle.sealed_columns import SealedColumns
    from artifacts.bundle.tokenizer import SealedTokenizer
    from artifacts.bundle.truncation import Truncation
    from guards.json_types import JsonMapping
    from guards.schema import CanonicalRow, Schema

__all__ = ["Encoding", "Preprocessing"]


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of one document.

    ``token_ids`` int64 [windows, tokens], one window unless a long text is split into several;
    ``columns`` float64 [width]; ``row`` is the canonical row that they encode; ``unknown_tokens``
    counts the unknown tokens among those kept; ``truncated`` says that some were not kept.
    """

    token_ids: NDArray[np.int64]
    columns: NDArray[np.float64]
    row: CanonicalRow
    unknown_tokens: int
    truncated: bool

    @property
    def tokens(self) -> int:
        """The number of tokens, special ones included, over all windows."""
        return self.token_ids.size


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The tokenizer, truncation and columns of a bundle; safe to share between threads.

    The tokenizer is sealed in a bundle that was opened, and not yet in training.
    """

    schema: Schema
    columns: SealedColumns | None
    tokenizer: Tokenizer | SealedTokenizer
    truncation: Truncation

    def canonical(self, documents: Sequence[JsonMapping]) -> list[CanonicalRow]:
        """Return the canonical rows of documents, ignoring problems of their ``features``."""
        return [self.schema.canonical(document["features"])[0] for document in documents]

    def encode_documents(self, documents: Sequence[JsonMapping]) -> list[Encoding]:
        """Encode documents with ``text`` and ``features``, as in a request, in order."""
        return self.encode([document["text"] for document in documents], self.canonical(documents))

    def encode(self, texts: Sequence[str], rows: Sequence[CanonicalRow]) -> list[Encoding]:
        """Encode documents from their texts and canonical rows, in order."""
        columns = (
            np.zeros((len(rows), 0))
            if self.columns is None
            else self.columns.transform(self.schema, rows, texts)
        )
        tokenizer = as_sealed(self.tokenizer)
        unknown = tokenizer.unknown_id
        split = [self.truncation.windows(ids, tokenizer.ends) for ids in tokenizer.token_ids(texts)]
        return [
            Encoding(
                token_ids=np.array(windows, dtype=np.int64),
                columns=columns[index],
                row=row,
                unknown_tokens=0 if unknown is None else sum(ids.count(unknown) for ids in windows),
                truncated=truncated,
            )
            for index, ((windows, truncated), row) in enumerate(zip(split, rows, strict=True))
        ]
