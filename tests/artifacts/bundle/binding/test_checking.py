"""A graph is bound to its network: whatever is changed in it shows, on no document of anybody."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from onnx import helper

from artifacts.bundle.binding import checking
from tests.artifacts.bundle.binding.graph_edits import edit, node_of, problems, set_attribute

if TYPE_CHECKING:
    import onnx

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
