"""A graph is bound to its network: whatever is changed in it shows, on no document of anybody."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from transformers import BertConfig

from artifacts.acceleration.exporting import export
from artifacts.acceleration.quantising import quantise
from artifacts.bundle.binding import checking, trial
from artifacts.bundle.network import DocumentClassifier, DocumentClassifierConfig
from artifacts.bundle.onnx_network import session_of
from tests.artifacts.bundle.binding.graph_edits import (
    MAX_TOKENS,
    edit,
    node_of,
    problems,
    set_attribute,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

    from artifacts.bundle.opening import Bundle


def test_the_graph_that_was_built_is_bound(model: onnx.ModelProto, bundle: Bundle) -> None:
    """Nothing is observed of what the exporter and the quantiser wrote."""
    assert problems(model, bundle) == ""


def test_names_of_nodes_do_not_matter(model: onnx.ModelProto, bundle: Bundle) -> None:
    """Another version of the exporter names operators otherwise."""
    for index, node in enumerate(model.graph.node):
        node.name = f"other_{index}"
    model.producer_version = "another"

    assert problems(model, bundle) == ""


def test_a_graph_with_another_operator_is_not_run(
    model: onnx.ModelProto, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not allowed is found in the file, before a session is made of it."""
    ran: list[object] = []

    def run(*arguments: object) -> list[str]:
        ran.append(arguments)
        return []

    monkeypatch.setattr(checking, "_differences", run)
    model.graph.node.append(helper.make_node("Loop", ["", ""], ["made"]))

    assert "Loop" in problems(model, bundle)
    assert ran == []


def test_a_graph_that_cannot_be_followed_is_told(model: onnx.ModelProto, bundle: Bundle) -> None:
    """An operator without its setting is a finding, as is all that the runtime refuses."""
    del node_of(model, "Cast").attribute[:]

    assert problems(model, bundle).startswith("IndexError: ")


def test_documents_of_drawn_lengths_are_tried(
    model: onnx.ModelProto, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one of the greatest, and all of them as long as is served."""
    tried: list[int] = []

    def noting(data: bytes, threads: int) -> InferenceSession:
        session = session_of(data, threads)
        run = session.run

        def noted(names: list[str], fed: dict[str, NDArray[np.generic]]) -> Sequence[object]:
            tried.append(fed["input_ids"].shape[1])
            return cast("Sequence[object]", run(names, fed))

        session.run = noted
        return session

    monkeypatch.setattr(trial, "session_of", noting)
    for _ in range(3):
        assert problems(model, bundle) == ""

    assert {MAX_TOKENS} < {*tried} <= {*range(2, MAX_TOKENS + 1)}
    assert {*tried} - {2, 7, 19, MAX_TOKENS}


def test_another_wiring_is_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """A residual that takes the output of another layer has the same operators and tensors."""
    sums = [node for node in model.graph.node if node.op_type == "Add"]
    residuals = [n for n in sums if n.input[0].startswith("linear") and "layer_norm" in n.input[1]]
    residuals[-1].input[1] = residuals[0].input[1]

    assert "logits off" in problems(model, bundle)


@pytest.mark.parametrize(
    ("operator", "attribute", "value"),
    [
        ("MultiHeadAttention", "num_heads", 1),
        ("MultiHeadAttention", "scale", 0.5),
        ("InstanceNormalization", "epsilon", 1e-3),
        ("InstanceNormalization", "epsilon", 1e-11),
    ],
)
def test_another_setting_of_an_operator_is_seen(
    model: onnx.ModelProto, bundle: Bundle, operator: str, attribute: str, value: float | str
) -> None:
    """Also a divisor that is far too small to matter for a usual document."""
    set_attribute(node_of(model, operator), attribute, value)

    assert problems(model, bundle)


def test_operators_of_a_network_that_learnt_little_are_seen(
    model: onnx.ModelProto, bundle: Bundle
) -> None:
    """Attention shows also where all weights are too small for it to matter."""
    small = replace(bundle, network=copy.deepcopy(bundle.network))
    for module in small.network.modules():
        if isinstance(module, torch.nn.Linear):
            module.weight.data *= 0.02
    for tensor in model.graph.initializer:
        if tensor.name.endswith("_scale") and tensor.name != "channel_scale":
            edit(tensor, lambda values: np.multiply(values, np.float32(0.02), out=values))
    before = problems(model, small)
    set_attribute(node_of(model, "MultiHeadAttention"), "num_heads", 1)

    assert before == ""
    assert "logits off" in problems(model, small)


def test_products_that_are_not_quantised_as_ours_are_seen(
    model: onnx.ModelProto, bundle: Bundle
) -> None:
    """The range of another tensor cannot be put in the place of a product's own."""
    first, second = (node_of(model, "DynamicQuantizeLinear", index) for index in (0, 1))
    node_of(model, "MatMulInteger", -1).input[2] = first.output[2]
    assert second.output[2] != first.output[2]

    assert "not how a product is quantised" in problems(model, bundle)


def fresh_network(layers: int, activation: str = "gelu") -> DocumentClassifier:
    """Return a network that was not trained."""
    torch.manual_seed(0)
    encoder = BertConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=32,
        num_attention_heads=4,
        num_hidden_layers=layers,
        max_position_embeddings=32,
        hidden_act=activation,
    ).to_dict()
    labels = {0: "a", 1: "b"}
    network = DocumentClassifier(DocumentClassifierConfig(encoder=encoder, id2label=labels))
    network.train(mode=False)
    return network


@pytest.mark.parametrize("activation", ["silu", "gelu_pytorch_tanh"])
def test_a_network_with_another_activation_has_an_engine(bundle: Bundle, activation: str) -> None:
    """Also where the graph has other operators for it than the network."""
    network = fresh_network(1, activation)
    model = onnx.load_from_string(quantise(export(network, 0, MAX_TOKENS)))

    assert problems(model, replace(bundle, network=network)) == ""


@pytest.fixture(scope="module")
def deep(bundle: Bundle) -> tuple[Bundle, bytes]:
    """Return a network of many layers that was trained a little, and its graph.

    No shift is zero any more; norms scale by one throughout, and the third by a thousandth.
    """
    network = fresh_network(4)
    norms = [m for m in network.modules() if isinstance(m, torch.nn.LayerNorm)]
    torch.nn.init.constant_(norms[2].weight, 1e-3)
    for name, tensor in network.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(tensor, std=1e-3)
    return replace(bundle, network=network), quantise(export(network, 0, MAX_TOKENS))


def one_head(model: onnx.ModelProto) -> None:
    """Let the last layer attend by one head."""
    set_attribute(node_of(model, "MultiHeadAttention", -1), "num_heads", 1)


def a_larger_scale(model: onnx.ModelProto) -> None:
    """Let the first layer attend to fewer tokens."""
    set_attribute(node_of(model, "MultiHeadAttention"), "scale", 1.0)


def shifts_of_one_another(model: onnx.ModelProto) -> None:
    """Exchange a shift of the first layer with that of the second."""
    first, second = (
        next(t for t in model.graph.initializer if f"layer.{i}.intermediate.dense.bias" in t.name)
        for i in (0, 1)
    )
    first.name, second.name = second.name, first.name


def norms_of_one_another(model: onnx.ModelProto) -> None:
    """Exchange norms that have the same direction."""
    names = [t.name for t in model.graph.initializer if t.name.endswith("LayerNorm.weight")]
    other = dict(zip(names, reversed(names), strict=True))
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = other.get(name, name)


@pytest.mark.parametrize(
    "change", [one_head, a_larger_scale, shifts_of_one_another, norms_of_one_another]
)
def test_a_change_shows_through_all_layers(
    deep: tuple[Bundle, bytes], change: Callable[[onnx.ModelProto], None]
) -> None:
    """What the layers add to all states alike does not hide what they make of each.

    A trial draws its numbers anew, and one in about a thousand does not show exchanged norms.
    """
    bundle, graph = deep
    model = onnx.load_from_string(graph)
    before = problems(model, bundle)
    change(model)

    assert before == ""
    assert any("logits off" in problems(model, bundle) for _ in range(3))
