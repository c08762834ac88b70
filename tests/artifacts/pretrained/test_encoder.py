"""Encoders of the library as bases: complete, finite, and the same in training and in service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save, save_file
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    BartConfig,
    BertConfig,
    BigBirdConfig,
    CanineConfig,
    CanineModel,
    CLIPTextConfig,
    FNetConfig,
    FunnelBaseModel,
    FunnelConfig,
    NystromformerConfig,
    NystromformerModel,
    RobertaConfig,
    YosoConfig,
)

from artifacts.pretrained.encoder import check_base, network_on
from guards.errors import CallError, Finding, GuardRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from transformers import PreTrainedConfig, PreTrainedModel

    from artifacts.bundle.network import DocumentClassifier
    from guards.json_types import JsonObject

SIZES: JsonObject = {
    "vocab_size": 60,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 66,
}
BERT = BertConfig(**SIZES)
ROBERTA = RobertaConfig(**SIZES)
FUNNEL = FunnelConfig(vocab_size=60, block_sizes=[1, 1], d_model=16, n_head=2, d_head=8, d_inner=16)
CANINE = CanineConfig(
    hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
    num_hash_buckets=64, num_hash_functions=2,
)  # fmt: skip


def saved(directory: Path, config: PreTrainedConfig, kind: type = AutoModel) -> Path:
    """Save a model with fresh weights."""
    kind.from_config(config).save_pretrained(directory)  # type: ignore[attr-defined]  # of any class
    return directory


def on(base: Path, max_length: int = 32) -> DocumentClassifier:
    """Return a network on an encoder."""
    return network_on(
        str(base), max_length, columns_width=3, labels=("a", "b"), preprocessing_fingerprint="f"
    )


def refused(base: Path, max_length: int = 32) -> Finding:
    """Return the one finding about a base."""
    with pytest.raises(GuardRefused) as refusal:
        on(base, max_length)
    (finding,) = refusal.value.findings
    return finding


def change(base: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    """Change the stored weights of a base."""
    weights = load_file(base / "model.safetensors")
    edit(weights)
    save_file(weights, base / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize("config", [BERT, ROBERTA], ids=["bert", "roberta"])
@pytest.mark.parametrize(
    "kind", [AutoModel, AutoModelForMaskedLM, AutoModelForSequenceClassification]
)
def test_encoder_of_any_model(tmp_path: Path, config: PreTrainedConfig, kind: type) -> None:
    """The encoder is the saved one, whatever head is on it, and whether or not it has a pooler."""
    network = on(saved(tmp_path, config, kind))

    stored = load_file(tmp_path / "model.safetensors")
    (name,) = (name for name in stored if name.endswith("word_embeddings.weight"))
    torch.testing.assert_close(
        network.encoder.get_input_embeddings().get_parameter("weight"), stored[name]
    )
    assert network.config.columns_width == 3


@pytest.mark.parametrize(
    "name", ["classifier.weight", "cls.seq_relationship.bias", "qa_outputs.bias"]
)
def test_heads_are_left_out(tmp_path: Path, name: str) -> None:
    """What is on the encoder is not taken, and no reason to refuse."""
    saved(tmp_path, BERT, AutoModelForMaskedLM)
    change(tmp_path, lambda weights: weights.update({name: torch.zeros(2)}))

    assert on(tmp_path).config.id2label == {0: "a", 1: "b"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (AutoModel, "encoder.layer.2.output.dense.weight"),
        (AutoModel, "adapter.weight"),
        (AutoModelForMaskedLM, "bert.encoder.layer.2.output.dense.weight"),
        (AutoModelForMaskedLM, "bert.encoder.layer.0.attention.self.distance_embedding.weight"),
        (AutoModelForSequenceClassification, "bert.adapter.weight"),
    ],
)
def test_weights_of_the_encoder_without_a_place(tmp_path: Path, kind: type, name: str) -> None:
    """Weights of the encoder that the configuration drops are named, as when sealing."""
    saved(tmp_path, BERT, kind)
    change(tmp_path, lambda weights: weights.update({name: torch.zeros(2, 2)}))

    finding = refused(tmp_path)

    assert finding.code == "weights_unused"
    assert repr(name) in finding.observed


def test_missing_weights(tmp_path: Path) -> None:
    """An encoder that lacks a weight is refused: a fresh one would be trained in its place."""
    saved(tmp_path, BERT)
    change(tmp_path, lambda weights: weights.pop("encoder.layer.1.output.dense.bias"))

    finding = refused(tmp_path)

    assert finding.code == "model_incomplete"
    assert "'encoder.layer.1.output.dense.bias'" in finding.observed


def test_names_of_a_wrapped_model(tmp_path: Path) -> None:
    """Weights under the name of a wrapper are told as such."""
    saved(tmp_path, BERT)
    stored = load_file(tmp_path / "model.safetensors")
    wrapped = {f"module.{name}": weight for name, weight in stored.items()}
    save_file(wrapped, tmp_path / "model.safetensors", {"format": "pt"})

    finding = refused(tmp_path)

    assert finding.code == "model_incomplete"
    assert "the file has 'module." in finding.observed


def test_weights_that_are_not_finite(tmp_path: Path) -> None:
    """An encoder of a training that diverged is refused before another one."""
    saved(tmp_path, BERT)
    change(tmp_path, lambda weights: weights["embeddings.LayerNorm.bias"].fill_(float("nan")))

    assert refused(tmp_path).code == "weights_not_finite"


@pytest.mark.parametrize(("max_length", "accepted"), [(14, True), (15, False), (64, False)])
def test_attention_that_a_short_text_switches_over(
    tmp_path: Path, max_length: int, *, accepted: bool
) -> None:
    """BigBird's sparse attention is refused where a text is long enough for it."""
    config = BigBirdConfig(**SIZES, block_size=2, num_random_blocks=1)
    saved(tmp_path, config)

    if accepted:
        assert on(tmp_path, max_length).config.encoder["attention_type"] == "block_sparse"
    else:
        finding = refused(tmp_path, max_length)
        assert finding.code == "model_changes_itself"
        assert "original_full" in finding.remedy


def test_encoder_with_a_decoder(tmp_path: Path) -> None:
    """A model that also writes is refused with what to train on."""
    config = BartConfig(
        vocab_size=60, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16,
        decoder_ffn_dim=16,
    )  # fmt: skip

    assert "an encoder alone" in refused(saved(tmp_path, config)).remedy


def test_base_of_a_classifier_without_its_decoder(tmp_path: Path) -> None:
    """Funnel's classifiers leave out a part of the encoder: it cannot be a base."""
    finding = refused(saved(tmp_path, FUNNEL, AutoModelForSequenceClassification))

    assert (finding.code, "decoder" in finding.observed) == ("model_incomplete", True)


@pytest.mark.parametrize(
    ("encoder", "observed"),
    [
        (FunnelBaseModel(FUNNEL), "RuntimeError: The size of tensor"),
        (
            NystromformerModel(NystromformerConfig(**SIZES, num_landmarks=8)),
            "RuntimeError: shape",
        ),
        (CanineModel(CANINE), "no table of embeddings by token"),
    ],
    ids=["fewer states than tokens", "texts of multiples of 8", "characters"],
)
def test_encoder_that_cannot_be_trained_on(
    tmp_path: Path, encoder: PreTrainedModel, observed: str
) -> None:
    """An encoder that fails in the checks is refused in a sentence, with its own error."""
    encoder.save_pretrained(tmp_path)

    finding = refused(tmp_path)

    assert finding.code == "model_not_supported"
    assert finding.expected.startswith("an encoder")
    assert finding.observed.startswith(observed)


@pytest.mark.parametrize(
    "field",
    ["return_dict", "use_return_dict", "output_attentions", "output_hidden_states", "torchscript"],
)
def test_form_of_output(tmp_path: Path, field: str) -> None:
    """Settings that say in which form outputs are given are left out of the network."""
    saved(tmp_path, BERT)
    config = json.loads((tmp_path / "config.json").read_bytes())
    config[field] = not field.endswith("return_dict")
    (tmp_path / "config.json").write_text(json.dumps(config))

    network = on(tmp_path)

    assert network.config.encoder.get("return_dict", True)
    assert network.pool(torch.zeros(1, 4, dtype=torch.long)).shape == (1, 16)


@pytest.mark.parametrize("config", [YosoConfig(**SIZES), CLIPTextConfig()], ids=["yoso", "clip"])
def test_kinds_that_no_bundle_may_hold(tmp_path: Path, config: PreTrainedConfig) -> None:
    """A base that downloads kernels, or is a part of a model of images, is refused by its kind."""
    (tmp_path / "config.json").write_text(config.to_json_string())
    (tmp_path / "model.safetensors").write_bytes(save({}))

    with pytest.raises(GuardRefused, match=f"model_type '{config.model_type}'") as refusal:
        check_base(str(tmp_path))

    assert refusal.value.findings[0].code == "model_not_supported"


def test_states_that_depend_on_padding(tmp_path: Path) -> None:
    """A base that mixes padding into its states is refused with what another one must be."""
    saved(tmp_path, FNetConfig(**SIZES))

    finding = refused(tmp_path)

    assert finding.code == "answers_differ"
    assert "do not depend on padding" in finding.remedy


def test_path_that_is_nothing(tmp_path: Path) -> None:
    """A directory without a model is a wrong call that names the option."""
    for read in (on, lambda base: check_base(str(base))):
        with pytest.raises(CallError, match=f"--base {tmp_path}: no model there"):
            read(tmp_path)


@pytest.mark.parametrize("others", [(), ("config.json",), ("tokenizer.json",)])
def test_adapter(tmp_path: Path, others: tuple[str, ...]) -> None:
    """An adapter is told as such before its tokenizer is missed and anything is fitted."""
    for name in ("adapter_config.json", "adapter_model.safetensors", *others):
        (tmp_path / name).write_text("{}")

    with pytest.raises(GuardRefused, match="an adapter"):
        check_base(str(tmp_path))


def test_notes_about_the_files(tmp_path: Path) -> None:
    """What is read of several forms of weights, and what is converted, is noted."""
    saved(tmp_path, BERT)
    assert check_base(str(tmp_path)) == []
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    change(tmp_path, lambda weights: weights.update({"pooler.dense.bias": torch.zeros(16).half()}))

    notes = check_base(str(tmp_path))

    assert [note.partition(" ")[2][:12] for note in notes] == ["are read fro", "in f16 are s"]


def test_code_of_its_own(tmp_path: Path) -> None:
    """An encoder of its own code is refused, and none of it is run."""
    saved(tmp_path, BERT)
    (tmp_path / "evil.py").write_text("raise SystemExit\n")
    config = json.loads((tmp_path / "config.json").read_bytes())
    config["auto_map"] = {"AutoModel": "evil.Model"}
    (tmp_path / "config.json").write_text(json.dumps(config))

    assert "code of its own" in refused(tmp_path).observed
