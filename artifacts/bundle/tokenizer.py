"""The tokenizer of a bundle, sealed.

A bundle keeps it as one ``tokenizer.json`` with truncation and padding switched off: the bundle
itself says how a long text is truncated, and nothing is ever padded.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, models

from artifacts.bundle.immutable import Immutable
from artifacts.bundle.truncation import Ends
from guards.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "SealedTokenizer",
    "canonical_json",
    "check_empty_text",
    "load_tokenizer",
    "untruncated",
]

_ONE_TOKEN = Tokenizer(models.WordLevel({"": 0}, unk_token="")).encode("a")
"""A text of one token, whatever tokens a vocabulary has."""


class SealedTokenizer(Immutable):
    """Encodes texts and cannot be changed; safe to share between threads."""

    __slots__ = ("_tokenizer",)

    _tokenizer: Tokenizer

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Seal a tokenizer."""
        object.__setattr__(self, "_tokenizer", tokenizer)

    @property
    def unknown_id(self) -> int | None:
        """The id of the unknown token; None if the vocabulary needs none, as one of bytes."""
        unknown = getattr(self._tokenizer.model, "unk_token", None)
        return self._tokenizer.token_to_id(unknown or "")

    @property
    def ends(self) -> Ends:
        """How many special tokens are put around every text."""
        sequences = self._tokenizer.post_process(_ONE_TOKEN).sequence_ids
        opening = sequences.index(0)
        return Ends(opening, len(sequences) - opening - 1)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode texts without truncation, special tokens included."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def get_vocab_size(self) -> int:
        """Return the number of tokens in the vocabulary."""
        return self._tokenizer.get_vocab_size()

    def to_str(self) -> str:
        """Return the content of ``tokenizer.json``, which lacks ``encode_special_tokens``."""
        return self._tokenizer.to_str()

    @property
    def encode_special_tokens(self) -> bool:
        """Whether a special token in a text is encoded as ordinary text; False in every bundle."""
        return self._tokenizer.encode_special_tokens


def untruncated(tokenizer: Tokenizer) -> Tokenizer:
    """Switch truncation and padding off, in place, and return the tokenizer."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check_empty_text(tokenizer: Tokenizer, source: str) -> None:
    """Raise ``CallError`` unless an empty text has a token: a network needs at least one."""
    if not tokenizer.encode("").ids:
        message = f"{source}: no special token opens or closes a text, so an empty one has no token"
        raise CallError(message)


def canonical_json(tokenizer: Tokenizer | SealedTokenizer) -> bytes:
    """Return the tokenizer as the bytes of ``tokenizer.json``."""
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, indent=1).encode()


def load_tokenizer(data: bytes) -> SealedTokenizer:
    """Read a tokenizer from verified bytes."""
    return SealedTokenizer(Tokenizer.from_str(data.decode()))
