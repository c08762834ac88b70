"""Networks from a bundle's configuration, which may ask for anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from transformers import BertConfig, GPT2Config, PreTrainedConfig

from artifacts.bundle.model_types import TEXT_MODELS
from artifacts.bundle.network import (
    DocumentClassifier,
    TextClassifier,
    embedding_width,
    empty_network,
    harmless_config,
    harmless_fields,
    model_of,
    new_network,
    positions_of,
)
from load_tests.micro.family_models import FAMILIES as LIBRARY_FAMILIES
from tests.models import FAMILIES

if TYPE_CHECKING:
    from guards.json_types import JsonObject

SIZES: JsonObject = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}


def bert(**others: object) -> JsonObject:
    """Return the configuration of a tiny BERT as its file has it."""
    return {**BertConfig(**SIZES).to_dict(), **others}


@pytest.mark.parametrize("family", FAMILIES)
def test_text_classifier_of_any_family(family: str) -> None:
    """A classifier of the library takes token ids, and ignores the columns beside them."""
    config: PreTrainedConfig = FAMILIES[family][0](60)
    config.id2label = {0: "a", 1: "b", 2: "c"}

    network = empty_network(config.to_dict())

    assert isinstance(network, TextClassifier)
    network.train(mode=False)
    ids = torch.tensor([[0, 5, 6, 2]])
    with torch.inference_mode():
        alone, beside = (network(ids, torch.zeros(1, width)) for width in (0, 4))
    assert alone.shape == (1, 3)
    assert torch.equal(alone, beside)
    assert network.config is model_of(network).config


@pytest.mark.parametrize("family", FAMILIES)
def test_the_embedding_of_a_text_classifier_is_what_its_last_layer_takes(family: str) -> None:
    """The logits are those of a plain call, to the last bit, and a linear function of it."""
    config: PreTrainedConfig = FAMILIES[family][0](60)
    config.id2label = {0: "a", 1: "b", 2: "c"}
    network = empty_network(config.to_dict())
    network.train(mode=False)
    ids, columns = torch.tensor([[0, 5, 6, 2], [0, 7, 9, 2]]), torch.zeros(2, 0)

    with torch.inference_mode():
        logits, states = network.embed(ids, columns)

        assert torch.equal(logits, network(ids, columns))
        assert states is not None
        assert states.shape == (2, 32)
        last = [m for m in network.modules() if isinstance(m, torch.nn.Linear)][-1]
        assert torch.equal(last(states), logits)
    assert embedding_width(network) == 32


def test_the_embedding_does_not_depend_on_the_columns() -> None:
    """It is the mean state over the tokens of all windows, before columns are joined."""
    network = new_network(bert(), columns_width=3, labels=("a", "b"), preprocessing_fingerprint="")
    network.train(mode=False)
    ids = torch.randint(1, 50, (4, 6), generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        (logits, states), (_, beside) = (
            network.embed(ids, torch.full((2, 3), value)) for value in (0.0, 5.0)
        )
        hidden = network.encoder(input_ids=ids).last_hidden_state

    assert torch.equal(states, beside)
    assert states.shape == (2, embedding_width(network))
    assert logits.shape == (2, 2)
    torch.testing.assert_close(states, hidden.reshape(2, 12, 16).mean(dim=1))


def test_a_classifier_of_tokens_gives_no_embedding() -> None:
    """It takes the logits of one token: no state is that of the document. It answers as ever."""
    config = GPT2Config(
        vocab_size=50, n_positions=16, n_embd=16, n_layer=1, n_head=2, pad_token_id=0
    )
    config.id2label = {0: "a", 1: "b", 2: "c"}
    network = empty_network(config.to_dict())
    network.train(mode=False)
    ids, columns = torch.tensor([[5, 6, 7]]), torch.zeros(1, 0)

    with torch.inference_mode():
        logits, states = network.embed(ids, columns)

        assert states is None
        assert torch.equal(logits, network(ids, columns))
    assert embedding_width(network) is None


def test_joined_network_from_its_configuration() -> None:
    """A network that uses columns is told from one of text only by its ``model_type``."""
    made = new_network(
        bert(), columns_width=4, labels=("a", "b"), preprocessing_fingerprint="sha256:0"
    )

    network = empty_network(made.config.to_dict())

    assert isinstance(network, DocumentClassifier)
    assert model_of(network) is network
    assert network.join.in_features == 16 + 4
    assert network.config.preprocessing_fingerprint == "sha256:0"


def test_state_of_a_document_is_the_mean_over_its_windows() -> None:
    """Rows of token ids are the windows of one document after the other."""
    torch.manual_seed(1)
    network = new_network(
        bert(), columns_width=2, labels=("a", "b", "c"), preprocessing_fingerprint=""
    )
    network.train(mode=False)
    ids, columns = torch.randint(50, (6, 9)), torch.randn(2, 2)
    with torch.inference_mode():
        pooled = network.pool(ids)
        states = torch.stack([pooled[:3].mean(dim=0), pooled[3:].mean(dim=0)])

        torch.testing.assert_close(network(ids, columns), network.classify(states, columns))


ASKED = {
    "auto_map": {"AutoConfig": "somebody/model--config.Config"},
    "attn_implementation": "somebody/kernel",
    "_attn_implementation": "somebody/kernel",
    "quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True},
    "_name_or_path": "somebody/model",
    "_experts_implementation": "somebody/kernel",
    "custom_pipelines": {"text-classification": {"impl": "somebody.Pipeline"}},
    "backbone_config": {"model_type": "timm_backbone", "backbone": "somebody/model"},
}


@pytest.mark.parametrize("name", ASKED)
def test_configuration_that_asks_for_more(name: str) -> None:
    """Code, kernels and quantisation that a configuration names are not looked for."""
    config = harmless_config(bert(**{name: ASKED[name]}))

    assert "somebody" not in str(config.to_dict())
    assert getattr(config, "quantization_config", None) is None
    empty_network(bert(**{name: ASKED[name]}))


@pytest.mark.parametrize("name", ASKED)
def test_fields_are_left_out_at_every_depth(name: str) -> None:
    """What is asked for inside an encoder, a list or a section of it is left out too."""
    asked = {name: ASKED[name]}
    deep = {"encoder": bert(**asked, sections=[{"kept": 1, **asked}]), **asked}

    left = harmless_fields({"model_type": "understudy", "task": {"deep": deep}, **deep})

    assert name not in json.dumps(left)
    assert left["encoder"]["sections"] == [{"kept": 1}]


def test_code_named_below_the_encoder_is_never_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """No question is put on the terminal, and nothing is run, whatever the configuration names."""
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked"))
    config = bert(auto_map={"AutoModel": "modeling.Evil", "AutoConfig": "modeling.Config"})

    made = {"model_type": "understudy", "encoder": config, "columns_width": 1, "auto_map": {}}

    assert isinstance(empty_network(made), DocumentClassifier)


@pytest.mark.parametrize("size", [1, 7, 10**9])
def test_chunks_are_not_computed_one_by_one(size: int) -> None:
    """The library fails where a text's length is no multiple of the size of a chunk."""
    made = {"model_type": "understudy", "encoder": bert(chunk_size_feed_forward=size)}
    network = empty_network({**made, "columns_width": 1, "id2label": {"0": "a", "1": "b"}})

    assert network(torch.randint(50, (1, 9)), torch.zeros(1, 1)).shape == (1, 2)


def test_labels_may_have_any_name() -> None:
    """A label that is called like a field is a label."""
    labels = {"auto_map": 0, "_private": 1}

    config = harmless_config(bert(id2label={"0": "auto_map", "1": "_private"}, label2id=labels))

    assert config.label2id == labels


@pytest.mark.parametrize(
    "kind", ["t5", "clip", "encoder-decoder", "mra", "rag", "timm_wrapper", "vit", "whisper"]
)
@pytest.mark.parametrize("inside", [False, True])
def test_kinds_that_are_no_classifiers_of_text(kind: str, *, inside: bool) -> None:
    """A kind that loads other models, takes images or sound, or fetches kernels is not built."""
    config: JsonObject = {"model_type": kind}
    if inside:
        config = {"model_type": "understudy", "encoder": config}

    with pytest.raises(ValueError, match="Unrecognized model"):
        empty_network(config)


@pytest.mark.parametrize("kind", [family.model_type for family in LIBRARY_FAMILIES.values()])
def test_families_that_are_sealed_are_kinds_of_text(kind: str) -> None:
    """Every family that can be sealed may be opened."""
    assert kind in TEXT_MODELS


@pytest.mark.parametrize(
    "settings",
    [
        {"return_dict": False},
        {"use_return_dict": False},
        {"output_attentions": True, "output_hidden_states": True},
        {"torchscript": True},
    ],
)
def test_configuration_that_asks_for_another_form_of_output(settings: JsonObject) -> None:
    """Logits are given, whatever form of output and whatever beside them is asked for."""
    network = empty_network(bert(**settings))

    assert network(torch.tensor([[1, 2, 3]]), torch.zeros(1, 0)).shape == (1, 2)


@pytest.mark.parametrize("kind", ["ours-2", "", None])
def test_kind_of_model_that_the_library_lacks(kind: str | None) -> None:
    """A kind that is none raises what the caller expects."""
    with pytest.raises(ValueError, match="Unrecognized model"):
        empty_network(bert(model_type=kind))


def test_configuration_without_a_kind() -> None:
    """A configuration that does not say its kind raises the same."""
    config = bert()
    del config["model_type"]

    with pytest.raises(ValueError, match="Unrecognized model"):
        empty_network(config)


@pytest.mark.parametrize(
    ("config", "positions"),
    [
        ({"model_type": "bert", "max_position_embeddings": 512}, 512),
        ({"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "mpnet", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "camembert", "max_position_embeddings": 514}, 513),
        ({"model_type": "xlnet"}, None),
    ],
)
def test_positions_for_text(config: JsonObject, positions: int | None) -> None:
    """Families that number positions after the padding token have so many fewer."""
    assert positions_of(config) == positions
