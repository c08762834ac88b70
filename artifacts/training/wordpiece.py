"""Learn a small uncased WordPiece tokenizer from the training texts.

Characters are decomposed. Marks are kept, because in most scripts they are letters or parts of
them (vowels, tones); only those on Latin and Greek letters are left out. A run of letters without
spaces, as in Thai, is split into words of at most 64 characters.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tokenizers import (
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SPECIAL_TOKENS", "learn_tokenizer", "word_piece"]

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

_CONTINUES = "##"
"""The prefix of a piece that continues a word."""

_MAX_CHARACTERS = 1000
"""Rarer characters are unknown: with many scripts they would leave no room for words."""

_ACCENTS = r"(?<=[\p{Latin}\p{Greek}])\p{Mn}+"
_LONGEST_WORD = r"[\s\S]{64}"


def learn_tokenizer(texts: Sequence[str], vocabulary: int) -> Tokenizer:
    """Learn an uncased WordPiece tokenizer of at most ``vocabulary`` entries.

    The same texts give the same tokenizer. The library alone does not guarantee that: it numbers
    the pieces that continue a word in the order of a hash table, and breaks ties by number.
    Therefore the characters are chosen and numbered here, and the library only merges them.
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
    """Return an uncased WordPiece tokenizer with this vocabulary, special tokens included."""
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106 (a token of text)
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.BertNormalizer(strip_accents=False, lowercase=True),
            normalizers.NFD(),
            normalizers.Replace(Regex(_ACCENTS), ""),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.BertPreTokenizer(),
            pre_tokenizers.Split(Regex(_LONGEST_WORD), "isolated"),
        ]
    )
    if vocabulary:
        tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
        )
    return tokenizer


def _characters(tokenizer: Tokenizer, texts: Sequence[str]) -> list[str]:
    """Return the most frequent characters after normalisation, sorted."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokenizer.normalizer.normalize_str(text))
    ranked = sorted(counts, key=lambda character: (-counts[character], character))
    return sorted(character for character in ranked[:_MAX_CHARACTERS] if not character.isspace())
