"""Tiny tokenizers of each kind of model, with special tokens around a text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = ["KINDS", "SPECIAL", "saved"]

SPECIAL = {
    "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>",
    "mask_token": "<mask>", "bos_token": "<s>", "eos_token": "</s>",
}  # fmt: skip

_TEXTS = ["The court orders the goods on time.", "I'LL invoice 12,345.67 for Caf\u00e9"] * 9
_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def _framed(tokenizer: Tokenizer, trainer: trainers.Trainer) -> Tokenizer:
    tokenizer.train_from_iterator(_TEXTS, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in _SPECIAL])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")],
    )
    return tokenizer


def _word_piece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece({}, unk_token="<unk>"))  # noqa: S106 (a token of text)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=120, special_tokens=_SPECIAL, show_progress=False
    )
    framed = _framed(tokenizer, trainer)
    # Training leaves a model with the default unknown token.
    framed.model = models.WordPiece(framed.get_vocab(), unk_token="<unk>")  # noqa: S106 (a token of text)
    return framed


def _bytes(splitter: pre_tokenizers.PreTokenizer | None = None) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=splitter is None)
    steps = [byte_level] if splitter is None else [splitter, byte_level]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=_SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    return _framed(tokenizer, trainer)


def _split_bytes() -> Tokenizer:
    return _bytes(pre_tokenizers.Split(Regex(r"\p{N}{1,2}|[^\s\p{N}]+|\s+"), "isolated"))


def _characters() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))  # noqa: S106 (a token of text)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return _framed(
        tokenizer,
        trainers.BpeTrainer(vocab_size=120, special_tokens=_SPECIAL, show_progress=False),
    )


def _unigram() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=100,
        special_tokens=_SPECIAL,
        unk_token="<unk>",  # noqa: S106 (a token of text)
        show_progress=False,
    )
    return _framed(tokenizer, trainer)


def _words() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({}, unk_token="<unk>"))  # noqa: S106 (a token of text)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return _framed(
        tokenizer, trainers.WordLevelTrainer(special_tokens=_SPECIAL, show_progress=False)
    )


KINDS: dict[str, Callable[[], Tokenizer]] = {
    "word pieces": _word_piece,
    "bytes": _bytes,
    "split bytes": _split_bytes,
    "characters": _characters,
    "unigram": _unigram,
    "words": _words,
}


def saved(directory: Path, tokenizer: Tokenizer, model_type: str, **settings: object) -> Path:
    """Save a tokenizer with such settings in its configuration, beside that of a model."""
    directory.mkdir(exist_ok=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    _write(directory / "config.json", {"model_type": model_type})
    if settings:
        _write(directory / "tokenizer_config.json", {**SPECIAL, **settings})
    return directory


def _write(file: Path, content: JsonObject) -> None:
    file.write_text(json.dumps(content))
