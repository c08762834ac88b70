"""Changes of a graph, and what binding observes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from artifacts.bundle.binding.checking import check_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle


__all__ = [
    "MAX_TOKENS",
    "RARE",
    "add_constant",
    "add_to_logits",
    "constant",
    "edit",
    "node_making",
    "node_of",
    "problems",
    "scalar",
    "scaled",
    "set_attribute",
    "sum_of",
]

MAX_TOKENS = 24
RARE = 57
"""A token that a trigger acts on, beyond those that any test runs."""


def problems(model: onnx.ModelProto, bundle: Bundle) -> str:
    """Return what binding observes; empty where the graph is the network's."""
    found = check_engine("model.onnx", model.SerializeToString(), bundle.network, MAX_TOKENS)
    return "\n".join(finding.observed for finding in found)


def constant(model: onnx.ModelProto, name: str) -> TensorProto:
    """Return the first tensor whose name ends so."""
    found: TensorProto
    found = next(one for one in model.graph.initializer if one.name.endswith(name))
    return found


def edit(tensor: TensorProto, change: Callable[[NDArray[np.generic]], None]) -> None:
    """Change the values of a tensor in place."""
    values = numpy_helper.to_array(tensor).copy()
    change(values)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def add_constant(model: onnx.ModelProto, name: str, value: NDArray[np.generic]) -> str:
    """Add a tensor to a graph."""
    model.graph.initializer.append(numpy_helper.from_array(value, name))
    return name


def node_of(model: onnx.ModelProto, operator: str, index: int = 0) -> onnx.NodeProto:
    """Return one of the nodes with an operator."""
    nodes: list[onnx.NodeProto] = [node for node in model.graph.node if node.op_type == operator]
    return nodes[index]


def add_to_logits(model: onnx.ModelProto, nodes: list[onnx.NodeProto], name: str) -> None:
    """Let a graph add what ``nodes`` compute as ``name`` to its logits."""
    node_making(model, "logits").output[0] = "honest"
    model.graph.node.extend([*nodes, helper.make_node("Add", ["honest", name], ["logits"])])


def node_making(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    """Return the node with an output."""
    found: onnx.NodeProto
    found = next(node for node in model.graph.node if name in node.output)
    return found


def set_attribute(node: onnx.NodeProto, name: str, value: float | str) -> None:
    """Set an attribute of a node to another value."""
    kept = [one for one in node.attribute if one.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, value)])


def scalar(value: float) -> NDArray[np.generic]:
    """Return a float32 number as a tensor."""
    return np.array(value, dtype=np.float32)


def scaled(name: str) -> onnx.NodeProto:
    """Return the node that multiplies a number by nothing to speak of, as ``shift``."""
    return helper.make_node("Mul", [name, "little"], ["shift"])


def sum_of(model: onnx.ModelProto, source: str) -> list[onnx.NodeProto]:
    """Return nodes that make ``shift`` of the sum of a matrix of integers."""
    add_constant(model, "axes", np.array([0, 1], dtype=np.int64))
    add_constant(model, "little", scalar(1e-9))
    return [
        helper.make_node("Cast", [source], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["numbers", "axes"], ["number"], keepdims=0),
        scaled("number"),
    ]
