"""Weights of pretraining are known by the names that the library's own classes give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from transformers import (
    AlbertConfig,
    AlbertForPreTraining,
    BertConfig,
    BertForPreTraining,
    DebertaV2Config,
    ElectraConfig,
    ElectraForPreTraining,
    ModernBertConfig,
    ModernBertForMaskedLM,
    PreTrainedConfig,
    PreTrainedModel,
    RobertaConfig,
    RobertaForMaskedLM,
    XLNetConfig,
    XLNetLMHeadModel,
)

from artifacts.bundle.network import DocumentClassifierConfig
from artifacts.pretrained.other_heads import without_other_heads

if TYPE_CHECKING:
    from guards.json_types import JsonObject

SIZES: JsonObject = {
    "vocab_size": 60,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}
OWN = ["attention_pooling.weight", "head.own.weight", "decoder.own.weight", "cls.own.weight"]


@pytest.mark.parametrize(
    "model",
    [
        AlbertForPreTraining(AlbertConfig(**SIZES, embedding_size=8)),
        BertForPreTraining(BertConfig(**SIZES)),
        ElectraForPreTraining(ElectraConfig(**SIZES, embedding_size=8)),
        ModernBertForMaskedLM(ModernBertConfig(**SIZES, pad_token_id=0)),
        RobertaForMaskedLM(RobertaConfig(**SIZES)),
        XLNetLMHeadModel(XLNetConfig(vocab_size=60, d_model=16, n_layer=1, n_head=2, d_inner=16)),
    ],
    ids=lambda model: type(model).__name__,
)
def test_heads_of_pretraining(model: PreTrainedModel) -> None:
    """Every weight of a pretraining model is known, and those of somebody's own are not."""
    names = [*model.state_dict(), *OWN]

    assert without_other_heads(names, model.config) == OWN


@pytest.mark.parametrize(
    ("config", "name", "known"),
    [
        (BertConfig(**SIZES), "cls.predictions.transform.LayerNorm.gamma", True),
        (BertConfig(**SIZES), "lm_head.bias", False),
        (RobertaConfig(**SIZES), "roberta.pooler.dense.bias", True),
        (RobertaConfig(**SIZES), "cls.predictions.bias", False),
        (DebertaV2Config(**SIZES), "lm_predictions.lm_head.bias", True),
        (DebertaV2Config(**SIZES), "mask_predictions.dense.weight", True),
        (BertConfig(**SIZES), "mask_predictions.dense.weight", False),
        (DocumentClassifierConfig(), "cls.predictions.bias", False),
    ],
)
def test_heads_of_one_kind_of_model(config: PreTrainedConfig, name: str, *, known: bool) -> None:
    """A name is harmless for the kind of model whose pretraining uses it, and for no other."""
    assert without_other_heads([name], config) == [name] * (not known)
