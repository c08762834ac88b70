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

    from artifacts.cut import Cut
    from artifacts.sealed_columns import SealedColumns
    from guards.schema import CanonicalRow, Schema

__all__ = ["Encoding", "Preprocessing"]


@dataclass(frozen=True, slots=True)
class Encoding:
    """One document as the network takes it, with what was noticed on the way.

    ``token_ids`` int64 [windows, tokens], one window unless a long text is cut into several;
    ``columns`` float64 [width]; ``unknown_tokens`` counts those that the vocabulary does not have,
    of the tokens kept; ``truncated`` says that some were not.
    """

    token_ids: NDArray[np.int64]
    columns: NDArray[np.float64]
    row: CanonicalRow
    unknown_tokens: int
    truncated: bool

    @property
    def tokens(self) -> int:
        """Count the tokens that the network sees, special ones included, over all windows."""
        return self.token_ids.size


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The sealed columns and tokenizer behind a transform-only face; safe to share by threads.

    The tokenizer is sealed where a bundle was opened; in training it is still training's.
    """

    schema: Schema
    columns: SealedColumns | None
    tokenizer: Tokenizer | SealedTokenizer
    cut: Cut

    def canonical(self, documents: Sequence[Mapping[str, Any]]) -> list[CanonicalRow]:
        """Bring documents (``features`` as in a request) into canonical rows, without complaint."""
        return [self.schema.canonical(document["features"])[0] for document in documents]

    def encode_documents(self, documents: Sequence[Mapping[str, Any]]) -> list[Encoding]:
        """Encode documents as a request has them, ``text`` and ``features``, in order."""
        return self.encode([one["text"] for one in documents], self.canonical(documents))

    def encode(self, texts: Sequence[str], rows: Sequence[CanonicalRow]) -> list[Encoding]:
        """Encode documents of valid text and canonical columns, in order."""
        columns = self._transform(rows, texts)
        tokenizer = self._sealed_tokenizer()
        unknown = tokenizer.unknown_id
        cuts = [self.cut.windows(ids, tokenizer.ends) for ids in tokenizer.token_ids(texts)]
        return [
            Encoding(
                token_ids=np.array(windows, dtype=np.int64),
                columns=columns[place],
                row=row,
                unknown_tokens=0 if unknown is None else sum(ids.count(unknown) for ids in windows),
                truncated=truncated,
            )
            for place, ((windows, truncated), row) in enumerate(zip(cuts, rows, strict=True))
        ]

    def _transform(self, rows: Sequence[CanonicalRow], texts: Sequence[str]) -> NDArray[np.float64]:
        if self.columns is None:
            return np.zeros((len(rows), 0))
        return self.columns.transform(self.schema, rows, texts)

    def _sealed_tokenizer(self) -> SealedTokenizer:
        tokenizer = self.tokenizer
        return tokenizer if isinstance(tokenizer, SealedTokenizer) else SealedTokenizer(tokenizer)
