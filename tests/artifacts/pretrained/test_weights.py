"""Weights that are missing, left over, of another shape or precision, or not finite."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file

from artifacts.imported.model import read_model
from guards.errors import CallError, Finding, GuardRefused
from tests.models import save_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

TEXTS = ["the letter", "the invoice", "the contract"]
LAYER = "bert.encoder.layer.2.output.dense.weight"
DISTANCES = "bert.encoder.layer.0.attention.self.distance_embedding.weight"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a BERT of another team."""
    return save_model(tmp_path / "model", "bert", ("contract", "invoice", "letter"), TEXTS)


def change(directory: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    """Change the stored weights of a model."""
    weights = load_file(directory / "model.safetensors")
    edit(weights)
    save_file(weights, directory / "model.safetensors", {"format": "pt"})


def configure(directory: Path, settings: JsonObject) -> None:
    """Change settings of a model's configuration."""
    config = json.loads((directory / "config.json").read_bytes())
    (directory / "config.json").write_text(json.dumps({**config, **settings}))


def refused(directory: Path) -> Finding:
    """Return the one finding about a model."""
    with pytest.raises(GuardRefused) as refusal:
        read_model(directory, None)
    (finding,) = refusal.value.findings
    return finding


@pytest.mark.parametrize(
    "name",
    [
        LAYER,
        DISTANCES,
        "bert.embeddings.adapter.weight",
        "bert.encoder.layer.0.attention.lora_A.weight",
        "classifier.dense.weight",
        "hidden.weight",
        "crf.transitions",
        "decoder.weight",
        "head.dense.weight",
        "lm_head.bias",
        "predictions.weight",
        "cls.dense.weight",
        "pooler.attention.weight",
    ],
)
def test_weights_without_a_place(directory: Path, name: str) -> None:
    """Weights that training used and the configured network has no place for are named."""
    change(directory, lambda weights: weights.update({name: torch.zeros(2, 2)}))

    finding = refused(directory)

    assert finding.code == "weights_unused"
    assert finding.observed == f"1 have none, the first is {name!r}"


def test_fewer_layers_than_weights(directory: Path) -> None:
    """A configuration of one layer does not drop the second one's weights."""
    configure(directory, {"num_hidden_layers": 1})

    finding = refused(directory)

    assert finding.code == "weights_unused"
    assert "'bert.encoder.layer.1.attention" in finding.observed


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("bert", "bert.embeddings.position_ids"),
        ("bert", "cls.predictions.bias"),
        ("bert", "cls.seq_relationship.weight"),
        ("bert", "cls.predictions.transform.LayerNorm.gamma"),
        ("roberta", "lm_head.bias"),
        ("distilbert", "vocab_projector.bias"),
        ("roberta", "roberta.pooler.dense.weight"),
        ("modernbert", "decoder.bias"),
    ],
)
def test_harmless_leftovers(tmp_path: Path, family: str, name: str) -> None:
    """Constants, heads of pretraining and poolers that a classifier does not have are left out."""
    directory = save_model(tmp_path / "model", family, ("a", "b"), TEXTS)
    change(directory, lambda weights: weights.update({name: torch.zeros(2, 2)}))

    assert read_model(directory, None).notes == ()


@pytest.mark.parametrize("name", ["distilbert.pooler.dense.weight", "pooler.dense.weight"])
def test_pooler_that_no_model_of_the_kind_has(tmp_path: Path, name: str) -> None:
    """A pooler of somebody's own is part of another network."""
    directory = save_model(tmp_path / "model", "distilbert", ("a", "b"), TEXTS)
    change(directory, lambda weights: weights.update({name: torch.zeros(2, 2)}))

    assert refused(directory).code == "weights_unused"


def test_class_that_the_library_does_not_have(directory: Path) -> None:
    """What a class of somebody's own computes is noted; where it has more weights, refused."""
    configure(directory, {"architectures": ["BertMeanPoolClassifier"]})
    (note,) = read_model(directory, None).notes
    assert "saved by a class BertMeanPoolClassifier" in note

    change(directory, lambda weights: weights.update({"cls.predictions.bias": torch.zeros(2)}))

    finding = refused(directory)
    assert finding.code == "weights_unused"
    assert "saved by BertMeanPoolClassifier" in finding.observed


def test_constant_of_a_class_that_the_library_does_not_have(directory: Path) -> None:
    """Constants that earlier versions saved are harmless, whichever class saved them."""
    configure(directory, {"architectures": ["BertMeanPoolClassifier"]})
    name = "bert.embeddings.position_ids"
    change(directory, lambda weights: weights.update({name: torch.arange(4)}))

    assert len(read_model(directory, None).notes) == 1


def test_pooler_of_another_name_than_the_one_that_is_used(directory: Path) -> None:
    """A second pooler of a classifier that has one is another network."""
    name = "bert.pooler.second.weight"
    change(directory, lambda weights: weights.update({name: torch.zeros(2, 2)}))

    assert refused(directory).code == "weights_unused"


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model."])
def test_names_of_a_wrapped_model(directory: Path, prefix: str) -> None:
    """Weights under the name of a wrapper are told as such."""

    def wrap(weights: dict[str, torch.Tensor]) -> None:
        for name in list(weights):
            weights[prefix + name] = weights.pop(name)

    change(directory, wrap)

    finding = refused(directory)

    assert finding.code == "model_incomplete"
    assert f"the file has '{prefix}bert." in finding.observed
    assert "save the model that is wrapped" in finding.remedy


@pytest.mark.parametrize(
    ("name", "index", "value"),
    [
        ("classifier.bias", (1,), float("nan")),
        ("bert.embeddings.position_embeddings.weight", (30, 0), float("inf")),
        ("bert.embeddings.word_embeddings.weight", (7, 3), 3e38),
        ("bert.encoder.layer.1.output.LayerNorm.weight", (0,), -1e20),
        ("bert.pooler.dense.weight", (2, 1), float("-inf")),
    ],
)
@pytest.mark.parametrize("as_torch_saves", [False, True])
def test_weights_that_are_not_finite(
    directory: Path, name: str, index: tuple[int, ...], value: float, *, as_torch_saves: bool
) -> None:
    """A weight that is NaN, infinite or too large is named with its place, in any form of file."""

    def spoil(weights: dict[str, torch.Tensor]) -> None:
        weights[name][index] = value

    change(directory, spoil)
    if as_torch_saves:
        weights = load_file(directory / "model.safetensors")
        torch.save(weights, directory / "pytorch_model.bin")
        (directory / "model.safetensors").unlink()

    finding = refused(directory)

    assert finding.code == "weights_not_finite"
    assert finding.observed == f"{value:g} in {name!r} at {index}"


def test_number_that_is_infinite_as_float32(directory: Path) -> None:
    """A weight that only float64 can hold is not finite when it is sealed."""

    def widen(weights: dict[str, torch.Tensor]) -> None:
        weights["classifier.bias"] = torch.tensor([0.0, 1e300, 0.0], dtype=torch.float64)

    change(directory, widen)

    assert refused(directory).observed == "inf in 'classifier.bias' at (1,)"


@pytest.mark.parametrize(
    ("precision", "called"),
    [(torch.float16, "f16"), (torch.bfloat16, "bf16"), (torch.float64, "f64")],
)
def test_other_precision(directory: Path, precision: torch.dtype, called: str) -> None:
    """Weights that become float32 are sealed with a note."""

    def convert(weights: dict[str, torch.Tensor]) -> None:
        weights.update({name: weight.to(precision) for name, weight in weights.items()})

    change(directory, convert)

    assert read_model(directory, None).notes == (f"weights in {called} are sealed as float32",)


@pytest.mark.parametrize("precision", [torch.int8, torch.uint8, torch.float8_e4m3fn])
@pytest.mark.parametrize("as_torch_saves", [False, True])
def test_quantised_weights_that_no_configuration_names(
    directory: Path, precision: torch.dtype, *, as_torch_saves: bool
) -> None:
    """Eight-bit weights, which the library would read as if they were the numbers, are refused."""
    name = "bert.encoder.layer.0.output.dense.weight"

    def quantise(weights: dict[str, torch.Tensor]) -> None:
        weights[name] = weights[name].to(precision)

    change(directory, quantise)
    if as_torch_saves:
        torch.save(load_file(directory / "model.safetensors"), directory / "pytorch_model.bin")
        (directory / "model.safetensors").unlink()

    assert refused(directory).observed.startswith(f"quantised weights: {name!r} is ")


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_file_that_is_cut_short(directory: Path, name: str) -> None:
    """Half a file of weights is a wrong call, in one line."""
    data = (directory / "model.safetensors").read_bytes()
    (directory / "model.safetensors").unlink()
    (directory / name).write_bytes(data[: len(data) // 2])

    with pytest.raises(CallError, match=f"{name} cannot be read") as error:
        read_model(directory, None)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("settings", "name", "head"),
    [
        ({"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 0, "b": 1}}, "classifier.bias", True),
        ({"vocab_size": 5}, "bert.embeddings.word_embeddings.weight", False),
        ({"max_position_embeddings": 16}, "bert.embeddings.position_embeddings.weight", False),
    ],
)
def test_weights_of_another_shape(
    directory: Path, settings: JsonObject, name: str, *, head: bool
) -> None:
    """Weights of another shape than the configuration's are named with both shapes."""
    configure(directory, settings)

    finding = refused(directory)

    assert finding.code == "weights_unused"
    assert finding.expected.startswith(f"{name!r} of shape ")
    assert ("id2label" in finding.remedy) is head


@pytest.mark.parametrize("wrapped", [False, True])
def test_adapter_that_is_not_merged(directory: Path, *, wrapped: bool) -> None:
    """Weights of an adapter among those of the model are to be merged."""
    name = "bert.encoder.layer.0.attention.self.query.lora_A.default.weight"

    def adapt(weights: dict[str, torch.Tensor]) -> None:
        weights[name] = torch.zeros(2, 2)
        for key in list(weights) * wrapped:
            weights[f"base_model.model.{key}"] = weights.pop(key)

    change(directory, adapt)

    finding = refused(directory)
    assert finding.code == ("model_incomplete" if wrapped else "weights_unused")
    assert "merge_and_unload" in finding.remedy


@pytest.mark.parametrize("stored_as", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize(
    "settings",
    [
        {"num_hidden_layers": 10**7},
        {"vocab_size": 10**9},
        {"intermediate_size": 10**9},
    ],
)
def test_a_configuration_of_far_more_than_the_weights_is_refused(
    directory: Path, settings: JsonObject, stored_as: str
) -> None:
    """It is refused before the library builds a network of it, which could take hours."""
    configure(directory, settings)
    if stored_as.endswith(".bin"):
        weights = load_file(directory / "model.safetensors")
        (directory / "model.safetensors").unlink()
        torch.save(weights, directory / stored_as)

    assert refused(directory).code == "network_mismatch"
