"""How many operators of each kind a graph has, and how many the network needs.

Counted is what could act on a trigger: functions that are flat somewhere, comparisons, selections,
and products of two tensors. What depends on the document is counted apart from what depends on its
length or on weights alone.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from numpy.typing import NDArray
    from onnx import NodeProto

    from artifacts.bundle.binding.float_graph import FloatGraph

__all__ = ["Recording", "operations_of"]

_SELECTION, _ROUNDING, _PRODUCT = "selections", "roundings", "products of two tensors"
_MATMUL, _NORM = "matrix products", "normalisations"

_OF_GRAPH: Mapping[str, Mapping[str, int]] = {
    "MultiHeadAttention": {"softmax": 1, _MATMUL: 2},
    "InstanceNormalization": {_NORM: 1},
    "LayerNormalization": {_NORM: 1},
    "Einsum": {_MATMUL: 1},
    "MatMul": {_MATMUL: 1},
    "Ceil": {_ROUNDING: 1},
    **{
        name: {name.lower(): 1}
        for name in (
            "Cos", "Erf", "Exp", "Gelu", "Log", "Pow", "Relu", "Sigmoid", "Sin", "Softmax",
            "Sqrt", "Tanh",
        )
    },
    **{
        name: {_SELECTION: 1}
        for name in (
            "Abs", "And", "Clip", "CumSum", "Equal", "GatherElements", "GatherND", "Greater",
            "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min", "Sign", "Where",
        )
    },
}  # fmt: skip

_OF_NETWORK: Mapping[str, str] = {
    "_softmax": "softmax", "_safe_softmax": "softmax", "silu": "sigmoid", "ceil": _ROUNDING,
    "native_layer_norm": _NORM, "rsqrt": "sqrt",
    **dict.fromkeys(("bmm", "mm", "addmm", "baddbmm"), _MATMUL),
    **dict.fromkeys(
        (
            "abs", "bitwise_and", "bitwise_or", "clamp", "clamp_max", "clamp_min", "cumsum", "eq",
            "gather", "ge", "gt", "index", "le", "logical_and", "lt", "masked_fill", "max",
            "maximum", "min", "minimum", "ne", "sign", "where",
        ),
        _SELECTION,
    ),
}  # fmt: skip


class Recording(TorchDispatchMode):
    """Takes note of what a network computes while it is entered."""

    def __init__(self, sizes: Collection[int] = ()) -> None:
        """Keep the values of every result that has one of these numbers of elements."""
        super().__init__()  # type: ignore[no-untyped-call]  # torch annotates it in part
        self.kept: list[NDArray[np.generic]] = []
        self._sizes = frozenset(sizes)
        self._records: list[tuple[str, list[Tensor], list[Tensor]]] = []

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401 (an operator of torch)
        types: object,
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Run an operator of torch, and record it."""
        made = func(*args, **(kwargs or {}))
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        results = [leaf for leaf in tree_leaves(made) if isinstance(leaf, Tensor)]
        self._records.append(
            (_kind_of(func.overloadpacket.__name__, given, results), given, results)
        )
        self.kept += [r.detach().contiguous().numpy() for r in results if r.numel() in self._sizes]
        return made

    def counts(
        self, inputs: Collection[Tensor], output: Tensor
    ) -> tuple[Counter[str], Counter[str]]:
        """Return how many operators of a kind ``output`` takes.

        The first of both are those that depend on the values of ``inputs``.
        """
        needed = {_memory(output)}
        steps = []
        for kind, given, results in reversed(self._records):
            if needed.intersection(map(_memory, results)):
                needed.update(map(_memory, given))
                steps.append((kind, given, results))
        dependent = {*map(_memory, inputs)}
        counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        for kind, given, results in reversed(steps):
            depending = sum(_memory(one) in dependent for one in given)
            depends = depending > 0
            if kind != _PRODUCT or depending > 1:
                counts[0 if depends else 1][kind] += 1
            if depends:
                dependent.update(map(_memory, results))
        return counts


def _memory(tensor: Tensor) -> int:
    """Return what a tensor and its views have in common."""
    return tensor.untyped_storage().data_ptr()


def _kind_of(name: str, given: list[Tensor], results: list[Tensor]) -> str:
    if name in {"mul", "div"} and results[0].is_floating_point():
        return _PRODUCT
    if name == "_to_copy":
        rounds = given[0].is_floating_point() and not results[0].is_floating_point()
        return _ROUNDING if rounds else name
    return _OF_NETWORK.get(name, name)


def operations_of(graph: FloatGraph) -> tuple[Counter[str], Counter[str]]:
    """Return how many operators of a kind a graph has.

    The first of both are those that depend on the values of its inputs.
    """
    dependent = {"input_ids", "columns"}
    floats = _floats(graph)
    counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for node in graph.nodes:
        depends = node.op_type != "Shape" and not dependent.isdisjoint(node.input)
        counts[0 if depends else 1].update(_OF_GRAPH.get(node.op_type, {}))
        counts[0 if depends else 1].update(_by_type(node, floats, dependent))
        if depends:
            dependent.update(node.output)
    return counts


def _by_type(node: NodeProto, floats: Collection[str], dependent: Collection[str]) -> Iterator[str]:
    of_floats = node.input[0] in floats
    if node.op_type in {"Mul", "Div"} and of_floats and {*node.input} <= {*dependent}:
        yield _PRODUCT
    if (node.op_type == "Div" and not of_floats) or (
        node.op_type == "Cast" and of_floats and node.output[0] not in floats
    ):
        yield _ROUNDING


_FLOAT = 1
_NOT_FLOAT = frozenset(
    {"And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Shape"}
)


def _floats(graph: FloatGraph) -> set[str]:
    """Return the names of the float tensors of a graph."""
    constants = {**graph.weights, **graph.settings, **graph.unknown}
    floats = {name for name, value in constants.items() if value.dtype == np.float32}
    floats.add("columns")
    for node in graph.nodes:
        if node.op_type == "Cast":
            is_float = node.attribute[0].i == _FLOAT
        else:
            source = node.input[1 if node.op_type == "Where" else 0]
            is_float = source in floats and node.op_type not in _NOT_FLOAT
        if is_float:
            floats.update(node.output)
    return floats
