"""Document to encoding: the one function that training, probes and serving all use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from artifacts.tokenizer import SealedTokenizer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from artifacts.sealed_columns import SealedColumns
    from guards.schema import CanonicalRow, Schema

__all__ = ["Encoding", "Preprocessing"]


@dataclass(frozen=True, slots=True)
class Encoding:
    """One document as the network takes it, with what was noticed on the way.

    ``token_ids`` int64 [tokens], ``columns`` float64 [width]; ``unknown_tokens`` counts those that
    the vocabulary does not have, of the tokens kept; ``truncated`` says that some were not.
    """

    token_ids: NDArray[np.int64]
    columns: NDArray[np.float64]
    row: CanonicalRow
    unknown_tokens: int
    truncated: bool

    @property
    def tokens(self) -> int:
        """Count the tokens that the network sees, special ones included."""
        return len(self.token_ids)


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The sealed columns and tokenizer behind a transform-only face; safe to share by threads.

    The tokenizer is sealed where a bundle was opened; in training it is still training's.
    """

    schema: Schema
    columns: SealedColumns | None
    tokenizer: Tokenizer | SealedTokenizer
    max_length: int

    def canonical(self, documents: Sequence[Mapping[str, Any]]) -> list[CanonicalRow]:
        """Bring documents (``features`` as in a request) into canonical rows, without complaint."""
        return [self.schema.canonical(document["features"])[0] for document in documents]

    def encode(self, texts: Sequence[str], rows: Sequence[CanonicalRow]) -> list[Encoding]:
        """Encode documents of valid text and canonical columns, in order."""
        columns = self._transform(rows, texts)
        tokenizer = self._sealed_tokenizer()
        return [
            _encoding(self._cut(ids), ids, columns[place], row, tokenizer.unknown_id)
            for place, (ids, row) in enumerate(zip(tokenizer.token_ids(texts), rows, strict=True))
        ]

    def _transform(self, rows: Sequence[CanonicalRow], texts: Sequence[str]) -> NDArray[np.float64]:
        if self.columns is None:
            return np.zeros((len(rows), 0))
        return self.columns.transform(self.schema, rows, texts)

    def _sealed_tokenizer(self) -> SealedTokenizer:
        tokenizer = self.tokenizer
        return tokenizer if isinstance(tokenizer, SealedTokenizer) else SealedTokenizer(tokenizer)

    def _cut(self, ids: list[int]) -> list[int]:
        """Keep the head, and the closing special token that every text ends with."""
        if len(ids) <= self.max_length:
            return ids
        return [*ids[: self.max_length - 1], ids[-1]]


def _encoding(
    kept: list[int],
    ids: list[int],
    columns: NDArray[np.float64],
    row: CanonicalRow,
    unknown: int | None,
) -> Encoding:
    return Encoding(
        token_ids=np.array(kept, dtype=np.int64),
        columns=columns,
        row=row,
        unknown_tokens=kept.count(unknown) if unknown is not None else 0,
        truncated=len(kept) < len(ids),
    )
