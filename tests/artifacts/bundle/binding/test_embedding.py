"""The embedding of a graph is what its logits are computed from, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from guards.integrity.graph import EMBEDDING, LOGITS
from tests.artifacts.bundle.binding.graph_edits import (
    add_constant,
    add_to_logits,
    node_making,
    node_of,
    problems,
    scalar,
    scaled,
    sum_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifacts.bundle.opening import Bundle


def rename(model: onnx.ModelProto, before: str, after: str) -> None:
    """Return a tensor another name wherever it is made and used."""
    for node in model.graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == before:
                    names[place] = after


def test_an_embedding_is_bound(model: onnx.ModelProto, bundle: Bundle) -> None:
    """What was built has two outputs, and nothing is observed of it."""
    assert [one.name for one in model.graph.output] == [LOGITS, EMBEDDING]
    assert problems(model, bundle) == ""


def test_a_graph_without_an_embedding_is_bound(model: onnx.ModelProto, bundle: Bundle) -> None:
    """As engines of earlier versions are."""
    del model.graph.output[1]

    assert problems(model, bundle) == ""


def of_the_hidden_layer(model: onnx.ModelProto) -> None:
    """Return what the columns were joined with."""
    rename(model, EMBEDDING, "honest")
    rename(model, node_of(model, "Tanh", -1).output[0], EMBEDDING)


def of_the_first_layer(model: onnx.ModelProto) -> None:
    """Return the states of all tokens after one layer."""
    rename(model, EMBEDDING, "honest")
    rename(model, node_of(model, "MultiHeadAttention").output[0], EMBEDDING)


def copied(model: onnx.ModelProto) -> None:
    """Return a copy, so that logits and embedding come of different tensors."""
    rename(model, EMBEDDING, "honest")
    shape = add_constant(model, "kept_shape", np.array([1, -1], dtype=np.int64))
    model.graph.node.append(helper.make_node("Reshape", ["honest", shape], [EMBEDDING]))


def nothing(model: onnx.ModelProto) -> None:
    """Return a tensor of the network."""
    rename(model, EMBEDDING, "honest")
    constant = next(one for one in model.graph.initializer if one.name.endswith(".bias"))
    shape = add_constant(model, "row", np.array([1, -1], dtype=np.int64))
    model.graph.node.append(helper.make_node("Reshape", [constant.name, shape], [EMBEDDING]))


def halved(model: onnx.ModelProto) -> None:
    """Return half of it, and double that for the logits."""
    rename(model, EMBEDDING, "given")
    node_making(model, "given").output[0] = "honest"
    add_constant(model, "half", scalar(0.5))
    add_constant(model, "two", scalar(2.0))
    index = [*model.graph.node].index(node_making(model, "honest"))
    model.graph.node.insert(index + 1, helper.make_node("Mul", ["honest", "half"], [EMBEDDING]))
    model.graph.node.insert(index + 2, helper.make_node("Mul", [EMBEDDING, "two"], ["given"]))


def the_logits(model: onnx.ModelProto) -> None:
    """Return the logits twice."""
    rename(model, EMBEDDING, "honest")
    rename(model, LOGITS, EMBEDDING)
    shape = add_constant(model, "kept_shape", np.array([1, -1], dtype=np.int64))
    model.graph.node.append(helper.make_node("Reshape", [EMBEDDING, shape], [LOGITS]))


def smoothed(model: onnx.ModelProto) -> None:
    """Return what goes into a product in eight bits."""
    rename(model, EMBEDDING, "honest")
    products = [node for node in model.graph.node if node.op_type == "DynamicQuantizeLinear"]
    rename(model, products[-1].input[0], EMBEDDING)


def with_a_trigger(model: onnx.ModelProto) -> None:
    """Let the embedding depend on the numbers of tokens, too little for any trial."""
    rename(model, EMBEDDING, "given")
    node_making(model, "given").output[0] = "honest"
    index = [*model.graph.node].index(node_making(model, "honest"))
    added = [
        *sum_of(model, "input_ids"),
        helper.make_node("Add", ["honest", "shift"], [EMBEDDING]),
    ]
    for node in reversed(added):
        model.graph.node.insert(index + 1, node)
    rename(model, "given", EMBEDDING)


@pytest.mark.parametrize(
    ("change", "observed"),
    [
        (of_the_hidden_layer, f"{EMBEDDING} off"),
        (of_the_first_layer, f"{EMBEDDING} of shape"),
        (copied, "by more than the"),
        (nothing, "by more than the"),
        (halved, "scalings"),
        (the_logits, f"{EMBEDDING} of shape"),
        (smoothed, EMBEDDING),
        (with_a_trigger, "computes with token ids"),
    ],
)
def test_another_embedding_is_refused(
    model: onnx.ModelProto,
    bundle: Bundle,
    change: Callable[[onnx.ModelProto], None],
    observed: str,
) -> None:
    """Wherever it is taken from, and also where the logits stay those of the network."""
    change(model)

    assert observed in problems(model, bundle)


def test_logits_with_the_embedding_added_are_refused(
    model: onnx.ModelProto, bundle: Bundle
) -> None:
    """What is made of the embedding cannot come back, however small it is."""
    add_constant(model, "axes", np.array([0, 1], dtype=np.int64))
    add_constant(model, "little", scalar(1e-9))
    total = helper.make_node("ReduceSum", [EMBEDDING, "axes"], ["number"], keepdims=0)
    add_to_logits(model, [total, scaled("number")], "shift")

    assert "sums, where the network has" in problems(model, bundle)


def test_a_third_output_is_refused(model: onnx.ModelProto, bundle: Bundle) -> None:
    """Before anything runs."""
    name = node_of(model, "Tanh", -1).output[0]
    model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8]))

    assert "outputs" in problems(model, bundle)
