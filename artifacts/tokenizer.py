"""The tokenizer of a base model, or a small WordPiece one learnt from the training texts.

Both are kept as one ``tokenizer.json`` with truncation and padding switched off: how text is cut
to length is the bundle's to say, and nothing is ever padded.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from artifacts.cut import Ends
from artifacts.immutable import Immutable
from guards.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "SPECIAL_TOKENS",
    "SealedTokenizer",
    "canonical_json",
    "check_empty_text",
    "learn_tokenizer",
    "load_tokenizer",
    "plain",
]

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

_CONTINUES = "##"
"""What a piece opens with that continues a word."""

_MOST_CHARACTERS = 1000
"""Rarer characters are unknown: with many scripts they would leave no room for words."""

_TOKEN = Tokenizer(models.WordLevel({"": 0}, unk_token="")).encode("a")
"""A text of one token, whatever tokens a vocabulary has."""


class SealedTokenizer(Immutable):
    """Encodes, and refuses to be changed; safe to share by threads."""

    __slots__ = ("_tokenizer",)

    _tokenizer: Tokenizer

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Seal a tokenizer."""
        object.__setattr__(self, "_tokenizer", tokenizer)

    @property
    def unknown_id(self) -> int | None:
        """The token for what the vocabulary does not have; None where it has everything."""
        unknown = getattr(self._tokenizer.model, "unk_token", None)
        return self._tokenizer.token_to_id(unknown or "")

    @property
    def ends(self) -> Ends:
        """How many special tokens are put around every text."""
        sequences = self._tokenizer.post_process(_TOKEN).sequence_ids
        opening = sequences.index(0)
        return Ends(opening, len(sequences) - opening - 1)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode texts, uncut, special tokens included."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def get_vocab_size(self) -> int:
        """Count the tokens."""
        return self._tokenizer.get_vocab_size()

    def to_str(self) -> str:
        """Give what ``tokenizer.json`` holds: everything but how special tokens are read."""
        return self._tokenizer.to_str()

    @property
    def encode_special_tokens(self) -> bool:
        """Whether a special token in a text is encoded as plain text; no bundle has it so."""
        return self._tokenizer.encode_special_tokens


def learn_tokenizer(texts: Sequence[str], vocabulary: int) -> Tokenizer:
    """Learn an uncased WordPiece tokenizer of at most ``vocabulary`` entries.

    The same texts give the same tokenizer. The library alone would not: it numbers the pieces
    that continue a word in the order of a hash table, and breaks ties by number. So the characters
    are chosen and numbered here, and the library only merges them.
    """
    learner = word_piece({})
    characters = _characters(learner, texts)
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary,
        special_tokens=[*SPECIAL_TOKENS, *(_CONTINUES + character for character in characters)],
        initial_alphabet=characters,
        limit_alphabet=len(characters),
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    return word_piece(learner.get_vocab())


def word_piece(vocabulary: dict[str, int]) -> Tokenizer:
    """Give an uncased WordPiece tokenizer with this vocabulary, special tokens among it."""
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106 (a token of text)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if vocabulary:
        tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
        )
    return tokenizer


def _characters(tokenizer: Tokenizer, texts: Sequence[str]) -> list[str]:
    """Give the most frequent characters after normalisation, sorted."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokenizer.normalizer.normalize_str(text))
    ranked = sorted(counts, key=lambda character: (-counts[character], character))
    return sorted(character for character in ranked[:_MOST_CHARACTERS] if not character.isspace())


def plain(tokenizer: Tokenizer) -> Tokenizer:
    """Switch truncation and padding off."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check_empty_text(tokenizer: Tokenizer, source: str) -> None:
    """Raise ``CallError`` unless an empty text has a token: a network takes no fewer."""
    if not tokenizer.encode("").ids:
        message = f"{source}: no special token opens or closes a text, so an empty one has no token"
        raise CallError(message)


def canonical_json(tokenizer: Tokenizer | SealedTokenizer) -> bytes:
    """Give the bytes that the bundle keeps."""
    parsed: Any = json.loads(tokenizer.to_str())
    return json.dumps(parsed, ensure_ascii=False, indent=1).encode()


def load_tokenizer(data: bytes) -> SealedTokenizer:
    """Read a tokenizer from verified bytes."""
    return SealedTokenizer(Tokenizer.from_str(data.decode()))
