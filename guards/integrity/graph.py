"""Check what an ONNX graph may be, from its protobuf, before anything runs or allocates.

Only operators that ``artifacts.acceleration`` writes are allowed: none that runs a graph of its
own (``Loop``, ``If``, ``Scan``), none of another library, none that makes a tensor of a size that
the graph names. Tensors are in the file, and as large as they say.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from guards.errors import Finding
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

__all__ = ["EMBEDDING", "LOGITS", "check_graph", "read_graph", "summary"]

LOGITS, EMBEDDING = "logits", "text_embedding"
"""The outputs of a graph; those of earlier versions have no embedding. The exporter itself names a
look-up ``embedding``."""

_OPERATORS: Mapping[str, frozenset[str]] = {
    "": frozenset(
        {
            "Abs", "Add", "And", "Cast", "Ceil", "Clip", "Concat", "Cos", "CumSum", "Div",
            "DynamicQuantizeLinear", "Einsum", "Equal", "Erf", "Exp", "Expand", "Gather",
            "GatherElements", "GatherND", "Gelu", "Greater", "GreaterOrEqual",
            "InstanceNormalization", "LayerNormalization", "Less", "LessOrEqual", "Log", "MatMul",
            "MatMulInteger", "Max", "Min", "Mul", "Neg", "Not", "Pow", "Range", "ReduceMean",
            "ReduceSum", "Relu", "Reshape", "Shape", "Sigmoid", "Sign", "Sin", "Slice", "Softmax",
            "Split", "Sqrt", "Squeeze", "Sub", "Tanh", "Tile", "Transpose", "Unsqueeze", "Where",
        }
    ),
    "com.microsoft": frozenset({"MultiHeadAttention"}),
}  # fmt: skip

_OPSETS: Mapping[str, range] = {"": range(18, 24), "com.microsoft": range(1, 2)}
_IR_VERSIONS = range(8, 14)
_MAX_NODES = 20_000
_MAX_SHOWN = 8
_MAX_STRING = 100

_ATTENTION_INPUTS = 3
"""Queries, keys and values."""

_OF_ATTENTION = {"num_heads", "scale"}

_FLOAT, _INT8, _INT64, _BOOL = 1, 3, 7, 9
_ITEM_BYTES = {_FLOAT: 4, _INT8: 1, _INT64: 8, _BOOL: 1}
_ATTRIBUTES = frozenset({1, 2, 3, 7})
"""A float, an integer, a string, integers: no tensors, graphs or types."""

_INPUTS = {"input_ids": (_INT64, 2), "columns": (_FLOAT, 2)}
_OUTPUTS = {LOGITS: (_FLOAT, 2), EMBEDDING: (_FLOAT, 2)}

_GROWING = {"Expand": (1,), "Tile": (1,), "Range": (0, 1, 2)}
"""Operators whose output may be far larger than their inputs, and which inputs say how large."""

_NOMINAL = 16
"""The windows and tokens of the document that sizes are reckoned for."""
_MAX_ELEMENTS = 1 << 26
_INFINITE = 1e100


def read_graph(data: bytes) -> ModelProto:
    """Parse a model; raises ``ValueError`` for bytes that are none."""
    from onnx import ModelProto  # noqa: PLC0415 (an extra)

    model = ModelProto()
    try:
        model.ParseFromString(data)
    except Exception as error:  # noqa: BLE001 (a class of the library that protobuf comes from)
        message = f"not an ONNX graph: {error}"
        raise ValueError(message) from None
    return model


def check_graph(subject: str, model: ModelProto) -> Iterator[Finding]:
    """Yield a finding with all that is in a graph and may not be; ``subject`` is its path."""
    problems = [*_model_problems(model), *_graph_problems(model.graph)]
    if problems:
        yield Finding(
            code="engine_graph_forbidden",
            subject=subject,
            expected="the operators and tensors that `understudy accelerate` writes",
            observed=summary(problems),
        )


def summary(problems: Sequence[str]) -> str:
    """Return the first problems, and how many more there are."""
    rest = len(problems) - _MAX_SHOWN
    return "; ".join(problems[:_MAX_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")


def _model_problems(model: ModelProto) -> Iterator[str]:
    if model.ir_version not in _IR_VERSIONS:
        yield f"IR version {model.ir_version}"
    for opset in model.opset_import:
        if opset.version not in _OPSETS.get(opset.domain, ()):
            yield f"operators of {opset.domain!r} in version {opset.version}"
    if model.functions:
        yield f"functions of its own, {model.functions[0].name!r} for example"
    if model.training_info:
        yield "training information"


def _graph_problems(graph: GraphProto) -> Iterator[str]:
    if len(graph.node) > _MAX_NODES:
        yield f"{len(graph.node)} operators"
        return
    if graph.sparse_initializer:
        yield "sparse tensors"
    yield from _interface_problems("inputs", graph.input, _INPUTS, required={"input_ids"})
    yield from _interface_problems("outputs", graph.output, _OUTPUTS, required={LOGITS})
    yield from sorted({problem for node in graph.node for problem in _node_problems(node)})
    yield from sorted({problem for one in graph.initializer for problem in _tensor_problems(one)})
    yield from _order_problems(graph)
    yield from _growth_problems(graph)


def _interface_problems(
    kind: str,
    values: Iterator[ValueInfoProto],
    allowed: Mapping[str, tuple[int, int]],
    required: set[str],
) -> Iterator[str]:
    declared = {
        value.name: (value.type.tensor_type.elem_type, len(value.type.tensor_type.shape.dim))
        for value in values
    }
    if not required <= declared.keys() or not declared.items() <= allowed.items():
        yield f"{kind} {listed([*declared])}"


def _node_problems(node: NodeProto) -> Iterator[str]:
    if node.op_type not in _OPERATORS.get(node.domain, ()) or node.overload:
        yield f"operator {'.'.join(filter(None, (node.domain, node.op_type)))!r}"
    if node.domain and len(node.input) > _ATTENTION_INPUTS:
        yield f"masks or biases of {node.op_type!r}"
    for attribute in node.attribute:
        if node.domain and attribute.name not in _OF_ATTENTION:
            yield f"the attribute {attribute.name!r} of {node.op_type!r}"
        yield from _attribute_problems(node.op_type, attribute)


def _attribute_problems(operator: str, attribute: AttributeProto) -> Iterator[str]:
    text = attribute.s.decode("ascii", "replace")
    if (
        attribute.type not in _ATTRIBUTES
        or attribute.ref_attr_name
        or len(text) > _MAX_STRING
        or not text.isprintable()
    ):
        yield f"the attribute {attribute.name!r} of {operator!r}"


def _tensor_problems(tensor: TensorProto) -> Iterator[str]:
    if tensor.data_location or tensor.external_data:
        yield f"{tensor.name!r} is in another file"
        return
    item = _ITEM_BYTES.get(tensor.data_type)
    if item is None:
        yield f"{tensor.name!r} has the type {tensor.data_type}"
        return
    size = math.prod(tensor.dims) if all(dim >= 0 for dim in tensor.dims) else -1
    typed = len(tensor.float_data) + len(tensor.int32_data) + len(tensor.int64_data)
    held = len(tensor.raw_data) / item if tensor.HasField("raw_data") else typed
    if held != size:
        yield f"{tensor.name!r} holds {held:.0f} numbers for the shape {[*tensor.dims]}"


def _order_problems(graph: GraphProto) -> Iterator[str]:
    """Yield a problem where a name is made twice, or used before it is made."""
    names = [one.name for one in (*graph.input, *graph.initializer)]
    names += [output for node in graph.node for output in node.output]
    repeated = [name for name, times in Counter(names).items() if times > 1 and name]
    if repeated:
        yield f"{repeated[0]!r} is made twice"
    made = {one.name for one in (*graph.input, *graph.initializer)}
    for node in graph.node:
        missing = [name for name in node.input if name and name not in made]
        if missing:
            yield f"{missing[0]!r} is used before it is made"
            return
        made.update(node.output)


def _growth_problems(graph: GraphProto) -> Iterator[str]:
    sizes = _Sizes(graph)
    for node in graph.node:
        places = [place for place in _GROWING.get(node.op_type, ()) if place < len(node.input)]
        elements = math.prod(sizes[node.input[place]] for place in places)
        if elements > _MAX_ELEMENTS:
            yield f"{node.op_type!r} makes a tensor of {elements:.0e} numbers"
            return


class _Sizes:
    """A bound of the product of the values of each small tensor, or of their reciprocals, by name.

    Exact for small constants, and the extremes of large ones; of a shape that is computed, for a
    document of 16 windows of 16 tokens.
    """

    def __init__(self, graph: GraphProto) -> None:
        self._bounds: dict[str, float] = {}
        for tensor in graph.initializer:
            self._bounds[tensor.name] = _product(tensor)
        for node in graph.node:
            self._bounds.update(dict.fromkeys(node.output, self._bound(node)))

    def __getitem__(self, name: str) -> float:
        return self._bounds.get(name, 1.0)

    def _bound(self, node: NodeProto) -> float:
        bounds = [self[name] for name in node.input]
        if node.op_type == "Shape":
            return float(_NOMINAL)
        if node.op_type in {"Mul", "Div", "Concat"}:
            return min(math.prod(bounds), _INFINITE)
        if node.op_type in {"Exp", "Pow"}:
            return _INFINITE
        if node.op_type in {"Add", "Sub"}:
            return min(sum(bounds), _INFINITE)
        return max(bounds, default=1.0)


def _product(tensor: TensorProto) -> float:
    from onnx import numpy_helper  # noqa: PLC0415 (an extra)

    if [*_tensor_problems(tensor)]:
        return 1.0
    values = numpy_helper.to_array(tensor)
    if values.size > _NOMINAL:
        values = _extremes(values)
    values = abs(values.astype(np.float64))
    values = values[(values > 0) & np.isfinite(values)]
    return float(min(np.exp(np.abs(np.log(values)).sum()), _INFINITE))


def _extremes(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the largest and smallest of many numbers, one of which may be looked up."""
    found = [np.fmax.reduce(values, axis=None), np.fmin.reduce(values, axis=None)]
    if np.issubdtype(values.dtype, np.floating):  # they may divide
        found.append(np.min(np.abs(values), where=values != 0, initial=np.inf))
    return np.array(found)
