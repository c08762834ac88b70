"""Document to encoding: the one function that training, probes and serving all use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from artifacts.columns import transform_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sklearn.compose import ColumnTransformer
    from tokenizers import Tokenizer

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
    """The sealed columns and tokenizer behind a transform-only face; safe to share by threads."""

    schema: Schema
    columns: ColumnTransformer | None
    tokenizer: Tokenizer
    max_length: int

    @property
    def width(self) -> int:
        """Count the encoded columns."""
        if self.columns is None:
            return 0
        return len(self.columns.get_feature_names_out())

    def canonical(self, documents: Sequence[Mapping[str, Any]]) -> list[CanonicalRow]:
        """Bring documents (``features`` as in a request) into canonical rows, without complaint."""
        return [self.schema.canonical(document["features"])[0] for document in documents]

    def encode(self, texts: Sequence[str], rows: Sequence[CanonicalRow]) -> list[Encoding]:
        """Encode documents of valid text and canonical columns, in order."""
        columns = transform_columns(self.columns, self.schema, rows)
        return [
            self._encoding(self._cut(ids), ids, columns[place], row)
            for place, (ids, row) in enumerate(zip(self._tokenize(texts), rows, strict=True))
        ]

    def _tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(texts))]

    def _cut(self, ids: list[int]) -> list[int]:
        """Keep the head, and the closing special token that every text ends with."""
        if len(ids) <= self.max_length:
            return ids
        return [*ids[: self.max_length - 1], ids[-1]]

    def _encoding(
        self, kept: list[int], ids: list[int], columns: NDArray[np.float64], row: CanonicalRow
    ) -> Encoding:
        unknown = self.tokenizer.token_to_id(getattr(self.tokenizer.model, "unk_token", None) or "")
        return Encoding(
            token_ids=np.array(kept, dtype=np.int64),
            columns=columns,
            row=row,
            unknown_tokens=kept.count(unknown) if unknown is not None else 0,
            truncated=len(kept) < len(ids),
        )
