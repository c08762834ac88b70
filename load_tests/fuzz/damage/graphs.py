"""Damage ONNX graphs field by field, so that they stay graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnx import TensorProto, helper

from load_tests.fuzz.chance import happens
from load_tests.fuzz.damage.hostile import CANARY

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

__all__ = ["damaged_graph"]

_OPERATORS = (
    "Loop", "If", "Scan", "ConstantOfShape", "Tile", "Expand", "Range", "Resize", "Pad",
    "StringNormalizer", "RandomNormal", "Einsum", "Sub", "Identity", "Nothing", "NonZero",
)  # fmt: skip
_LARGE = (0, -1, 1, 2, 2**20, 2**31 - 1, 2**40, 2**62, -(2**63))


def damaged_graph(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Return a graph with one or two fields damaged, and what was done."""
    model = onnx.load_model_from_string(data)
    words = [rng.choice(_DAMAGES)(rng, model) for _ in range(rng.randint(1, 2))]
    return model.SerializeToString(), "; ".join(words)


def _some_node(rng: Random, model: onnx.ModelProto) -> onnx.NodeProto:
    node: onnx.NodeProto = rng.choice(model.graph.node)
    return node


def _operator(rng: Random, model: onnx.ModelProto) -> str:
    node, name = _some_node(rng, model), rng.choice(_OPERATORS)
    words = f"{node.op_type} becomes {name}"
    node.op_type = name
    return words


def _domain(rng: Random, model: onnx.ModelProto) -> str:
    node = _some_node(rng, model)
    node.domain = rng.choice(("com.microsoft", "ai.onnx.ml", "custom", "\x1b[2J"))
    return f"{node.op_type} is of the domain {node.domain!a}"


def _attribute(rng: Random, model: onnx.ModelProto) -> str:
    node = _some_node(rng, model)
    if not node.attribute or happens(rng, 0.2):
        node.attribute.append(helper.make_attribute("axis", rng.choice(_LARGE)))
        return f"{node.op_type} has one more attribute"
    attribute = rng.choice(node.attribute)
    attribute.i, attribute.f = rng.choice(_LARGE), rng.choice((0.0, float("nan"), 1e38, -1.0))
    attribute.ints[:] = [rng.choice(_LARGE) for _ in attribute.ints]
    return f"{node.op_type}.{attribute.name} = {attribute.i}"


def _wires(rng: Random, model: onnx.ModelProto) -> str:
    node, other = _some_node(rng, model), _some_node(rng, model)
    if node.input and other.output:
        node.input[rng.randrange(len(node.input))] = rng.choice((other.output[0], "", "nowhere"))
    return f"{node.op_type} takes what {other.op_type} gives"


def _weight(rng: Random, model: onnx.ModelProto) -> str:
    tensor = rng.choice(model.graph.initializer)
    how = rng.choice(("dims", "type", "values", "cut", "external", "removed", "zero"))
    if how == "dims":
        tensor.dims[:] = rng.choice(([], [0], [2**40], [2**31, 2**31], [-1], [1, *tensor.dims]))
    elif how == "type":
        tensor.data_type = rng.choice((0, 1, 2, 6, 7, 8, 10, 16, 17, 99))
    elif how == "values":
        tensor.raw_data = rng.randbytes(len(tensor.raw_data))
    elif how == "zero":
        tensor.raw_data = bytes(len(tensor.raw_data))
    elif how == "cut":
        tensor.raw_data = tensor.raw_data[: len(tensor.raw_data) // 2]
    elif how == "external":
        tensor.data_location = TensorProto.EXTERNAL
        place = rng.choice(("/etc/passwd", "../../manifest.json", "/dev/zero", "model.onnx"))
        tensor.external_data.append(onnx.StringStringEntryProto(key="location", value=place))
    else:
        model.graph.initializer.remove(tensor)
    return f"a weight's {how}"


def _inputs(rng: Random, model: onnx.ModelProto) -> str:
    values = rng.choice((model.graph.input, model.graph.output))
    if happens(rng, 0.3):
        values.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1, "n"]))
        return "one more input or output"
    value = rng.choice(values)
    value.type.tensor_type.elem_type = rng.choice((1, 7, 8, 10))
    value.name = rng.choice((value.name, f"{value.name}x", "\x1b[2J\n"))
    return "an input or output of another type or name"


def _added(rng: Random, model: onnx.ModelProto) -> str:
    """Put a node that costs much, or that calls, before all others."""
    graph = model.graph
    size = helper.make_tensor("big_size", TensorProto.INT64, [1], [rng.choice((2**31, 2**40))])
    made: dict[str, Callable[[], onnx.NodeProto]] = {
        "ConstantOfShape": lambda: helper.make_node("ConstantOfShape", ["big_size"], ["big"]),
        "Loop": lambda: helper.make_node("Loop", ["big_size", ""], [], body=_body()),
        "PyOp": lambda: helper.make_node("PyOp", ["big_size"], ["big"], domain="pyopmulti"),
    }
    name = rng.choice([*made])
    graph.initializer.append(size)
    graph.node.insert(0, made[name]())
    if name == "ConstantOfShape":
        graph.output.append(helper.make_tensor_value_info("big", TensorProto.FLOAT, ["n"]))
    return f"a node {name}"


def _body() -> onnx.GraphProto:
    on = helper.make_tensor_value_info("on", TensorProto.BOOL, [])
    at = helper.make_tensor_value_info("at", TensorProto.INT64, [])
    end = helper.make_tensor_value_info("end", TensorProto.BOOL, [])
    node = helper.make_node("Identity", ["on"], ["end"])
    return helper.make_graph([node], "body", [at, on], [end])


def _about(rng: Random, model: onnx.ModelProto) -> str:
    what = rng.choice(("ir_version", "opset", "function", "metadata", "no nodes", "twice"))
    if what == "ir_version":
        model.ir_version = rng.choice((0, 1, 99, 2**40))
    elif what == "opset":
        model.opset_import[0].version = rng.choice((0, 1, 7, 99, 2**40))
    elif what == "function":
        node = helper.make_node("Identity", ["a"], ["b"])
        name = rng.choice((_some_node(rng, model).op_type, "own"))
        opsets = [helper.make_opsetid("", 18)]
        model.functions.append(helper.make_function("", name, ["a"], ["b"], [node], opsets))
    elif what == "metadata":
        entry = onnx.StringStringEntryProto(key="ort_config", value='{"x": ' * 999 + CANARY)
        model.metadata_props.append(entry)
    elif what == "no nodes":
        del model.graph.node[:]
    else:
        model.graph.node.append(_some_node(rng, model))
    return f"the model's {what}"


_DAMAGES = (
    _operator, _domain, _attribute, _attribute, _wires, _weight, _weight, _inputs, _added, _about,
)  # fmt: skip
