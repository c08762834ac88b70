"""How many operators of each kind a graph has, and how many the network needs.

Counted is what could act on a trigger: functions that are flat somewhere, comparisons, selections,
look-ups, sums, pieces, concatenations, and products of two tensors or of one with positions. What
depends on the document is counted apart from what depends on its length or on weights alone.

Additions and scalings of it are counted too. One that is too small for a trial shows beside weights
that are large enough, and two that cancel round what is between them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from artifacts.bundle.binding.length_flow import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray
    from onnx import NodeProto

    from artifacts.bundle.binding.float_graph import FloatGraph
    from artifacts.bundle.binding.length_flow import LengthFlow

__all__ = ["Recording", "operations_of"]

_SELECTION, _ROUNDING, _PRODUCT = "selections", "roundings", "products of two tensors"
_MATMUL, _NORM = "matrix products", "normalisations"
_SUM, _PIECE, _JOIN, _LOOKUP = "sums", "pieces", "concatenations", "look-ups"
_WITH_POSITIONS, _OF_INTEGERS = "products with positions", "products of integers"
_ADDITION, _SHIFT, _SCALING = "additions of two tensors", "additions", "scalings"
_GELU, _APPROXIMATE = "gelu", "gelu by tanh"

_OF_GRAPH: Mapping[str, Mapping[str, int]] = {
    "MultiHeadAttention": {"softmax": 1, _MATMUL: 2},
    "InstanceNormalization": {_NORM: 1},
    "LayerNormalization": {_NORM: 1},
    "Einsum": {_MATMUL: 1},
    "MatMul": {_MATMUL: 1},
    "Ceil": {_ROUNDING: 1},
    "ReduceMean": {_SUM: 1},
    "ReduceSum": {_SUM: 1},
    "Slice": {_PIECE: 1},
    "Split": {_PIECE: 1},
    **{
        name: {name.lower(): 1}
        for name in (
            "Cos", "Erf", "Exp", "Log", "Pow", "Relu", "Sigmoid", "Sin", "Softmax",
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
    "native_layer_norm": _NORM, "rsqrt": "sqrt", "mean": _SUM, "sum": _SUM, "cat": _JOIN,
    "embedding": _LOOKUP,
    **dict.fromkeys(
        ("index_select", "select", "slice", "split", "split_with_sizes", "unbind"), _PIECE
    ),
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


_PRODUCTS = (_PRODUCT, _OF_INTEGERS)
_ADDING, _MULTIPLYING = frozenset({"add", "rsub", "sub"}), frozenset({"div", "mul"})

_ALSO: Mapping[str, Sequence[str]] = {
    "addmm": [_SHIFT],
    "baddbmm": [_SHIFT],
    "native_layer_norm": [_SCALING, _SHIFT],
}
"""What an operator of the network computes besides, with weights after its first input."""

_NUMBERS_IN = _ADDING | _MULTIPLYING | {"clamp", "masked_fill", "pow", "where"}
"""Operators of the network whose numbers a graph may have too."""


class Recording(TorchDispatchMode):
    """Takes note of what a network computes while it is entered."""

    def __init__(self, sizes: Collection[int] = ()) -> None:
        """Keep the values of every result that has one of these numbers of elements.

        ``numbers`` are those that tensors are added to, multiplied with, raised to and so on.
        """
        super().__init__()  # type: ignore[no-untyped-call]  # torch annotates it in part
        self.kept: list[NDArray[np.generic]] = []
        self.numbers: set[float] = set()
        self._sizes = frozenset(sizes)
        self._records: list[tuple[list[str], list[Tensor], list[Tensor]]] = []

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
        name = func.overloadpacket.__name__.removesuffix("_")
        if (kwargs or {}).get("approximate", "none") != "none":
            name = _APPROXIMATE
        kinds = [_kind_of(name, given, results), *_ALSO.get(name, ())[: len(given) - 1]]
        self._records.append((kinds, given, results))
        if name == "silu":  # of the same input twice
            self._records.append(([_PRODUCT], [*given, *given], results))
        if name in _NUMBERS_IN:
            self.numbers.update(_numbers_in(tree_leaves((args, kwargs))))
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
        for kinds, given, results in reversed(self._records):
            if needed.intersection(map(_memory, results)):
                needed.update(map(_memory, given))
                steps.append((kinds, given, results))
        dependent, made = {*map(_memory, inputs)}, set[int]()
        counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        for kinds, given, results in reversed(steps):
            memories = [*map(_memory, given)]
            depending = sum(memory in dependent for memory in memories)
            with_made = not made.isdisjoint(memories)
            for kind in filter(None, (_as_counted(one, depending, with_made) for one in kinds)):
                counts[0 if depending else 1][kind] += len(results) if kind == _PIECE else 1
            if depending:
                dependent.update(map(_memory, results))
            elif with_made or not given:
                made.update(map(_memory, results))
        return counts


def _memory(tensor: Tensor) -> int:
    """Return what a tensor and its views have in common."""
    return tensor.untyped_storage().data_ptr()


def _as_counted(kind: str, depending: int, with_made: bool) -> str | None:  # noqa: FBT001 (private)
    """Return how an operator counts with so many inputs that depend on the document.

    ``with_made`` tells whether one was made of nothing, as positions are.
    """
    if kind in _PRODUCTS and depending < 2:  # noqa: PLR2004 (a product of two)
        scales = _SCALING if kind == _PRODUCT else None
        return (_WITH_POSITIONS if with_made else scales) if depending else None
    if kind == _ADDITION and depending < 2:  # noqa: PLR2004 (likewise)
        return _SHIFT
    return kind


def _numbers_in(values: Sequence[object]) -> Iterator[float]:
    for value in values:
        if isinstance(value, Tensor):
            if value.numel() == 1:
                yield float(value)
        elif isinstance(value, int | float):
            yield float(value)


def _kind_of(name: str, given: list[Tensor], results: list[Tensor]) -> str:
    if name in _MULTIPLYING:
        return _PRODUCT if results[0].is_floating_point() else _OF_INTEGERS
    if name in _ADDING and results[0].is_floating_point():
        return _ADDITION
    if name == "_to_copy":
        if results[0].dtype == torch.bool:
            return _SELECTION
        rounds = given[0].is_floating_point() and not results[0].is_floating_point()
        return _ROUNDING if rounds else name
    return _OF_NETWORK.get(name, name)


def operations_of(graph: FloatGraph, flow: LengthFlow) -> tuple[Counter[str], Counter[str]]:
    """Return how many operators of a kind a graph has.

    The first of both are those that depend on the values of its inputs.
    """
    floats = _floats(graph)
    counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for node in graph.nodes:
        kinds = [flow.of(name) for name in node.input]
        counted = counts[0 if Kind.DOCUMENT in kinds else 1]
        counted.update(_OF_GRAPH.get(node.op_type, {}))
        counted.update(_by_type(node, floats))
        counted.update(_by_kinds(node, floats, kinds))
    return counts


def _by_type(node: NodeProto, floats: Collection[str]) -> Iterator[str]:
    of_floats = node.input[0] in floats
    if node.op_type == "Cast" and node.attribute[0].i == _BOOL:
        yield _SELECTION
    elif node.op_type == "Gelu":
        yield _GELU if {one.s for one in node.attribute} <= {b"none"} else _APPROXIMATE
    elif (node.op_type == "Div" and not of_floats) or (
        node.op_type == "Cast" and of_floats and node.output[0] not in floats
    ):
        yield _ROUNDING


def _by_kinds(node: NodeProto, floats: AbstractSet[str], kinds: Sequence[Kind]) -> Iterator[str]:
    depending = kinds.count(Kind.DOCUMENT)
    if node.op_type == "Gather":
        yield _PIECE if kinds[0] == Kind.DOCUMENT else _LOOKUP
    elif node.op_type == "Concat" and depending:
        yield _JOIN
    elif node.op_type in {"Mul", "Div"} and depending > 1:
        yield _PRODUCT if node.input[0] in floats else _OF_INTEGERS
    elif node.op_type in {"Mul", "Div"} and depending and min(kinds) > Kind.WEIGHTS:
        yield _WITH_POSITIONS
    elif node.op_type in {"Mul", "Div"} and depending and node.input[0] in floats:
        yield _SCALING
    elif node.op_type in {"Add", "Sub"} and depending and Kind.BENT not in kinds:
        if not floats.isdisjoint(node.input):
            yield _ADDITION if depending > 1 else _SHIFT
    elif node.op_type == "LayerNormalization" and depending:
        yield from _ALSO["native_layer_norm"][: len(node.input) - 1]
    elif node.op_type == "MultiHeadAttention" and any(
        one.name == "scale" and one.f != 1 for one in node.attribute
    ):
        yield _SCALING


_FLOAT, _BOOL = 1, 9
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
