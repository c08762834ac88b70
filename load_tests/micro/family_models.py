"""Write tiny classifiers of the library's families: ``python family_models.py DIRECTORY``.

Imports nothing of the project, so that any version of the transformers library can write them. Each
has fresh weights, one or two layers, and a tokenizer of one of four kinds, under the generic class
of the library or under that of its family.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
import transformers
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FAMILIES", "KINDS", "LABELS", "TEXTS", "Family", "write_all", "write_model"]

LABELS = ("accept", "defer", "reject")
TEXTS = [
    f"{word} the motion of {place} no. {number}, caf\u00e9 {label}"
    for number, (word, place, label) in enumerate(
        zip(
            ("grant", "deny", "stay", "hear") * 15,
            ("Rome", "Paris", "Oslo") * 20,
            LABELS * 20,
            strict=True,
        )
    )
]
"""Texts that tokenizers are learnt from; text ``i`` has the label ``i`` modulo 3."""

_LENGTH = 64
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
_BERT_SPECIAL = ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]")
_SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 130,
}
_SMALL = {"d_model": 32, "n_head": 2, "d_inner": 48}


class Family(NamedTuple):
    """A family's ``model_type``, its settings, and the kind and class of its own tokenizer."""

    model_type: str
    settings: Mapping[str, object]
    kind: str
    tokenizer: str


FAMILIES = {
    "BERT": Family("bert", _SIZES, "wordpiece", "BertTokenizer"),
    "DistilBERT": Family(
        "distilbert",
        {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 48, "max_position_embeddings": 130},
        "wordpiece",
        "DistilBertTokenizer",
    ),
    "RoBERTa": Family("roberta", _SIZES, "bytes", "RobertaTokenizer"),
    "XLM-R": Family("xlm-roberta", _SIZES, "unigram", "XLMRobertaTokenizer"),
    "ALBERT": Family("albert", {**_SIZES, "embedding_size": 16}, "unigram", "AlbertTokenizer"),
    "ELECTRA": Family("electra", {**_SIZES, "embedding_size": 16}, "wordpiece", "ElectraTokenizer"),
    "DeBERTa-v2": Family(
        "deberta-v2",
        {
            **_SIZES, "relative_attention": True, "pos_att_type": ["c2p", "p2c"],
            "position_buckets": 32, "position_biased_input": False, "share_att_key": True,
        },
        "unigram",
        "DebertaV2Tokenizer",
    ),
    "MPNet": Family("mpnet", _SIZES, "wordpiece", "MPNetTokenizer"),
    "CamemBERT": Family("camembert", _SIZES, "unigram", "CamembertTokenizer"),
    "ModernBERT": Family(
        "modernbert", {**_SIZES, "local_attention": 16}, "bytes", "PreTrainedTokenizer"
    ),
    "XLNet": Family("xlnet", {**_SMALL, "n_layer": 2}, "unigram", "XLNetTokenizer"),
    "BigBird": Family(
        "big_bird",
        {**_SIZES, "block_size": 2, "num_random_blocks": 1, "attention_type": "block_sparse"},
        "unigram",
        "BigBirdTokenizer",
    ),
    "BigBird, full": Family(
        "big_bird", {**_SIZES, "attention_type": "original_full"}, "unigram", "BigBirdTokenizer"
    ),
    "Funnel": Family(
        "funnel", {**_SMALL, "d_head": 16, "block_sizes": [1, 1]}, "wordpiece", "FunnelTokenizer"
    ),
    "Longformer": Family(
        "longformer", {**_SIZES, "attention_window": [8, 8]}, "bytes", "LongformerTokenizer"
    ),
}  # fmt: skip
"""The families by their names, with tiny settings."""


def _wordpiece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106 (a token of text)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return _learnt(tokenizer, trainers.WordPieceTrainer, _BERT_SPECIAL)


def _bytes() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return _learnt(tokenizer, trainers.BpeTrainer, _SPECIAL, initial_alphabet=alphabet)


def _unigram() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return _learnt(tokenizer, trainers.UnigramTrainer, _SPECIAL, unk_token="<unk>")  # noqa: S106 (a token of text)


def _words() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))  # noqa: S106 (a token of text)
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return _learnt(tokenizer, trainers.WordLevelTrainer, _BERT_SPECIAL)


KINDS: dict[str, Callable[[], Tokenizer]] = {
    "wordpiece": _wordpiece,
    "bytes": _bytes,
    "unigram": _unigram,
    "words": _words,
}
"""How each kind of tokenizer is learnt."""


def _learnt(
    tokenizer: Tokenizer, trainer: type, special: tuple[str, ...], **settings: object
) -> Tokenizer:
    tokenizer.train_from_iterator(
        TEXTS,
        trainer(vocab_size=400, special_tokens=list(special), show_progress=False, **settings),
    )
    opening, _, closing, *_ = special
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{opening} $A {closing}",
        pair=f"{opening} $A {closing} $B:1 {closing}:1",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (opening, closing)],
    )
    return tokenizer


def write_model(directory: Path, family: Family, kind: str, *, own_class: bool) -> None:
    """Save a classifier and its tokenizer, under its family's class or the generic one."""
    tokenizer = KINDS[kind]()
    special = _BERT_SPECIAL if kind in {"wordpiece", "words"} else _SPECIAL
    names = ("cls", "pad", "sep", "unk", "mask")
    tokens = {f"{name}_token": token for name, token in zip(names, special, strict=True)}
    known = {name: tokenizer.token_to_id(token) for name, token in zip(names, special, strict=True)}
    config = transformers.AutoConfig.for_model(
        family.model_type,
        **family.settings,
        vocab_size=tokenizer.get_vocab_size(),
        pad_token_id=known["pad"],
        bos_token_id=known["cls"],
        eos_token_id=known["sep"],
        sep_token_id=known["sep"],
        cls_token_id=known["cls"],
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
    )
    torch.manual_seed(0)
    model = transformers.AutoModelForSequenceClassification.from_config(
        config, trust_remote_code=False
    )
    with torch.no_grad():  # fresh weights answer everything alike: spread the answers
        for parameter in model.parameters():
            parameter.mul_(3.0)
    model.save_pretrained(directory)
    wrapped = _class_of(family.tokenizer) if own_class else transformers.PreTrainedTokenizerFast
    wrapped(tokenizer_object=tokenizer, model_max_length=_LENGTH, **tokens).save_pretrained(
        directory
    )


def _class_of(name: str) -> type:
    found: type = getattr(transformers, f"{name}Fast", None) or getattr(transformers, name)
    return found


def write_all(directory: Path) -> None:
    """Save every family with every kind of tokenizer, and with its own class of tokenizer.

    What this version of the library cannot write is left out, with a line that says why.
    """
    for name, family in FAMILIES.items():
        cells = [(kind, kind, False) for kind in KINDS] + [("own class", family.kind, True)]
        for column, kind, own_class in cells:
            try:
                write_model(directory / name / column, family, kind, own_class=own_class)
            except Exception as error:  # noqa: BLE001 (the library raises many kinds)
                print(f"{name}, {column}: not written: {type(error).__name__}: {error}")


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    write_all(Path(sys.argv[1]))
