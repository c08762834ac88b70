"""Tiny models of several families, with tokenizers of their own, as other teams save them."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import torch
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch.nn.functional import gelu
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    DistilBertConfig,
    ModernBertConfig,
    PreTrainedTokenizerFast,
    RobertaConfig,
)

from artifacts.bundle.network import new_network
from artifacts.training.wordpiece import SPECIAL_TOKENS, learn_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from transformers import PreTrainedConfig, PreTrainedModel

    from artifacts.bundle.network import Network
    from guards.json_types import JsonObject

__all__ = ["FAMILIES", "common_columns", "hard_to_quantise", "save_joined_model", "save_model"]

_SIZES: JsonObject = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
_BYTE_LEVEL_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def _bert(tokens: int) -> PreTrainedConfig:
    return BertConfig(vocab_size=tokens, max_position_embeddings=128, **_SIZES)


def _distilbert(tokens: int) -> PreTrainedConfig:
    return DistilBertConfig(
        vocab_size=tokens,
        max_position_embeddings=128,
        dim=32,
        n_layers=1,
        n_heads=2,
        hidden_dim=64,
    )


def _roberta(tokens: int) -> PreTrainedConfig:
    # Positions start after the padding token's number.
    return RobertaConfig(
        vocab_size=tokens,
        max_position_embeddings=130,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        **_SIZES | {"num_hidden_layers": 1},
    )


def _modernbert(tokens: int) -> PreTrainedConfig:
    return ModernBertConfig(
        vocab_size=tokens,
        max_position_embeddings=128,
        local_attention=16,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        cls_token_id=0,
        sep_token_id=2,
        **_SIZES,
    )


FAMILIES: dict[str, tuple[Callable[[int], PreTrainedConfig], bool]] = {
    "bert": (_bert, False),
    "distilbert": (_distilbert, False),
    "roberta": (_roberta, True),
    "modernbert": (_modernbert, True),
}
"""Each family's configuration for so many tokens, and whether its tokenizer works on bytes."""


def save_model(
    directory: Path, family: str, labels: Sequence[str], texts: Sequence[str], seed: int = 0
) -> Path:
    """Save a classifier with fresh weights and a tokenizer learnt from ``texts``."""
    return _write(_model_files(family, tuple(labels), tuple(texts), seed), directory)


@cache
def _model_files(
    family: str, labels: tuple[str, ...], texts: tuple[str, ...], seed: int
) -> dict[str, bytes]:
    """Return the files of such a classifier by name: many tests begin with the same one."""
    make_config, byte_level = FAMILIES[family]
    tokenizer = _byte_level(texts) if byte_level else learn_tokenizer(texts, 400)
    config = make_config(tokenizer.get_vocab_size())
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_config(config)
    with torch.no_grad():  # fresh weights answer everything alike: spread the answers
        for parameter in model.parameters():
            parameter.mul_(4.0)
    return _files_of(model, _wrapped(tokenizer, byte_level=byte_level))


def _files_of(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> dict[str, bytes]:
    with TemporaryDirectory() as directory:
        model.save_pretrained(directory)
        tokenizer.save_pretrained(directory)
        return {path.name: path.read_bytes() for path in Path(directory).iterdir()}


def _write(files: Mapping[str, bytes], directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return directory


def common_columns(frame: pd.DataFrame) -> ColumnTransformer:
    """Fit the columns that most teams have: imputed and scaled numbers, one-hot categories."""
    numeric = Pipeline([("impute", SimpleImputer()), ("scale", StandardScaler())])
    categorical = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer(
        [("numbers", numeric, ["pages", "amount"]), ("places", categorical, ["court", "sender"])]
    )
    return columns.fit(frame[["pages", "amount", "court", "sender"]])


def _byte_level(texts: Sequence[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=list(_BYTE_LEVEL_SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def _wrapped(tokenizer: Tokenizer, *, byte_level: bool) -> PreTrainedTokenizerFast:
    names = ("cls", "pad", "sep", "unk", "mask")
    tokens = _BYTE_LEVEL_SPECIAL if byte_level else [SPECIAL_TOKENS[i] for i in (2, 0, 3, 1, 4)]
    special = {f"{name}_token": token for name, token in zip(names, tokens, strict=True)}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **special)


def save_joined_model(  # noqa: PLR0913 (each is what one test or another varies)
    directory: Path,
    labels: Sequence[str],
    texts: Sequence[str],
    width: int,
    *,
    sizes: Mapping[str, int] | None = None,
    vocabulary: int = 400,
) -> Path:
    """Save a classifier that joins text with so many encoded columns."""
    encoder = tuple((sizes or {}).items())
    files = _joined_model_files(tuple(labels), tuple(texts), width, encoder, vocabulary)
    return _write(files, directory)


@cache
def _joined_model_files(
    labels: tuple[str, ...],
    texts: tuple[str, ...],
    width: int,
    sizes: tuple[tuple[str, int], ...],
    vocabulary: int,
) -> dict[str, bytes]:
    tokenizer = learn_tokenizer(texts, vocabulary)
    torch.manual_seed(0)
    network = new_network(
        {**_bert(tokenizer.get_vocab_size()).to_dict(), **dict(sizes)},
        columns_width=width,
        labels=labels,
        preprocessing_fingerprint="",
    )
    return _files_of(network, _wrapped(tokenizer, byte_level=False))


def hard_to_quantise(network: Network) -> Network:
    """Copy a BERT so that it answers much as before, and that eight bits cannot hold its weights.

    In each layer one channel is constant, and the weights that meet it are huge and cancelled by
    the bias: the others, however much they say, are nothing beside them.
    """
    copied = copy.deepcopy(network)
    constants = {"attention.self.value": 1.0, "intermediate.dense": 3.0}
    met_by = {"attention.output.dense": 1.0, "output.dense": float(gelu(torch.tensor(3.0)))}
    for name, module in copied.named_modules():
        layer, _, place = name.partition(".layer.")[2].partition(".")
        if layer and place in constants:
            module.weight.data[0], module.bias.data[0] = 0.0, constants[place]
        elif layer and place in met_by:
            module.weight.data *= 5
            module.weight.data[:, 0] = 1e3
            module.bias.data -= 1e3 * met_by[place]
    return copied
